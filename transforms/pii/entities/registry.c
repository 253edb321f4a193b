/* SPDX-License-Identifier: MIT */
#include "registry.h"

#include <string.h>
#include <strings.h>

#include "context.h"
#include "phone.h"

#define PACK_PREFIX "country:"

const struct pii_entity_info pii_entities[PII_ENTITIES] = {
    [PII_CREDIT_CARD] = {
        .name = "CREDIT_CARD", .synonyms = "CREDIT_DEBIT_NUMBER CREDIT_CARD_NUMBER", .country = "", .kind = PII_DEFAULT,
        .context = "card|credit|debit|visa|mastercard|amex|cc|pan|payment|maestro|karte|"
                   "tarjeta|carte",
    },
    [PII_IBAN_CODE] = {
        .name = "IBAN_CODE", .synonyms = "INTERNATIONAL_BANK_ACCOUNT_NUMBER IBAN", .country = "", .kind = PII_DEFAULT,
        .context = "iban|bank|account|konto",
    },
    [PII_EMAIL_ADDRESS] = {
        .name = "EMAIL_ADDRESS", .synonyms = "EMAIL", .country = "", .kind = PII_DEFAULT,
        .context = "email|mail",
        .trim = pii_email_trim, .goes_on = pii_email_goes_on,
    },
    [PII_URL] = {
        .name = "URL", .synonyms = "", .country = "", .kind = PII_DEFAULT,
        .context = "url|link|site|website",
        .goes_on = pii_url_goes_on,
    },
    [PII_IP_ADDRESS] = {
        .name = "IP_ADDRESS", .synonyms = "IP", .country = "", .kind = PII_DEFAULT,
        .context = "ip|host|addr|address|client|server",
    },
    [PII_MAC_ADDRESS] = {
        .name = "MAC_ADDRESS", .synonyms = "MAC", .country = "", .kind = PII_DEFAULT,
        .context = "mac|hardware|physical|ether|hwaddr|bssid|lladdr",
    },
    [PII_CRYPTO] = {
        .name = "CRYPTO", .synonyms = "CRYPTO_WALLET", .country = "", .kind = PII_DEFAULT,
        .context = "wallet|btc|bitcoin|crypto|ethereum|eth|address|addr",
    },
    [PII_AWS_ACCESS_KEY] = {
        .name = "AWS_ACCESS_KEY", .synonyms = "AWS_ACCESS_KEY_ID", .country = "", .kind = PII_DEFAULT,
        .context = "aws|access key|key",
    },
    [PII_US_SSN] = {
        .name = "US_SSN", .synonyms = "SSN", .country = "US", .kind = PII_DEFAULT,
        .context = "ssn|social security|ssid|soc sec",
    },
    [PII_US_ITIN] = {
        .name = "US_ITIN", .synonyms = "US_INDIVIDUAL_TAX_IDENTIFICATION_NUMBER", .country = "US", .kind = PII_DEFAULT,
        .context = "itin|tax|taxpayer|tin",
    },
    [PII_US_MBI] = {
        .name = "US_MBI", .synonyms = "MEDICARE_BENEFICIARY_ID", .country = "US", .kind = PII_DEFAULT,
        .context = "medicare|mbi|beneficiary",
    },
    [PII_UK_NINO] = {
        .name = "UK_NINO", .synonyms = "UK_NATIONAL_INSURANCE_NUMBER", .country = "UK", .kind = PII_DEFAULT,
        .context = "national insurance|nino|ni number|ni no|insurance",
    },
    [PII_PHONE_NUMBER] = {
        .name = "PHONE_NUMBER", .synonyms = "PHONE", .country = "", .kind = PII_DEFAULT,
        .context = PII_PHONE_CONTEXT,
        .trim = pii_phone_trim,
    },
    [PII_CREDIT_DEBIT_CVV] = {
        .name = "CREDIT_DEBIT_CVV", .synonyms = "CVV", .country = "", .kind = PII_OPTIONAL,
        .context = "cvv|cvc|cvv2|cvc2|cv2|csc|cid|security code|card code|verification code",
    },
    [PII_CREDIT_DEBIT_EXPIRY] = {
        .name = "CREDIT_DEBIT_EXPIRY", .synonyms = "EXPIRY", .country = "", .kind = PII_OPTIONAL,
        .context = "exp|expiry|expires|expiring|expiration|valid|thru|gültig|vence|expire",
    },
    [PII_PIN] = {
        .name = "PIN", .synonyms = "", .country = "", .kind = PII_OPTIONAL,
        .context = "pin|pins|pin code|pin number|passcode",
    },
    [PII_SWIFT_CODE] = {
        .name = "SWIFT_CODE", .synonyms = "BIC", .country = "", .kind = PII_OPTIONAL,
        .context = "swift|bic|bank identifier",
    },
    [PII_US_BANK_NUMBER] = {
        .name = "US_BANK_NUMBER", .synonyms = "BANK_ACCOUNT_NUMBER", .country = "US", .kind = PII_OPTIONAL,
        .context = "account|acct|bank|checking|savings|a c|konto",
    },
    [PII_ABA_ROUTING_NUMBER] = {
        .name = "ABA_ROUTING_NUMBER", .synonyms = "BANK_ROUTING", .country = "US", .kind = PII_OPTIONAL,
        .context = "routing|aba|rtn|transit",
    },
    [PII_US_PASSPORT] = {
        .name = "US_PASSPORT", .synonyms = "PASSPORT_NUMBER", .country = "US", .kind = PII_OPTIONAL,
        .context = "passport|travel document",
    },
    [PII_US_DRIVER_LICENSE] = {
        .name = "US_DRIVER_LICENSE", .synonyms = "DRIVER_ID", .country = "US", .kind = PII_OPTIONAL,
        .context = "driver|license|licence|permit|dl|dln|driving",
    },
    [PII_US_NPI] = {
        .name = "US_NPI", .synonyms = "", .country = "US", .kind = PII_OPTIONAL,
        .context = "npi|national provider|provider",
    },
    [PII_MEDICAL_LICENSE] = {
        .name = "MEDICAL_LICENSE", .synonyms = "DEA_NUMBER DEA", .country = "US", .kind = PII_OPTIONAL,
        .context = "dea|medical|certificate|prescriber|license",
    },
    [PII_UK_NHS] = {
        .name = "UK_NHS", .synonyms = "UK_NATIONAL_HEALTH_SERVICE_NUMBER", .country = "UK", .kind = PII_OPTIONAL,
        .context = "nhs|national health|health service",
    },
    [PII_UK_POSTCODE] = {
        .name = "UK_POSTCODE", .synonyms = "", .country = "UK", .kind = PII_OPTIONAL,
        .context = "postcode|post code|postal|zip|address|addr",
    },
    [PII_UK_PASSPORT] = {
        .name = "UK_PASSPORT", .synonyms = "", .country = "UK", .kind = PII_OPTIONAL,
        .context = "passport|travel document",
    },
    [PII_UK_DRIVING_LICENCE] = {
        .name = "UK_DRIVING_LICENCE", .synonyms = "", .country = "UK", .kind = PII_OPTIONAL,
        .context = "driving|dvla|licence|license|driver",
    },
    [PII_UK_VEHICLE_REGISTRATION] = {
        .name = "UK_VEHICLE_REGISTRATION", .synonyms = "", .country = "UK", .kind = PII_OPTIONAL,
        .context = "reg|registration|plate|vehicle|car|vrm|vrn|dvla",
    },
    [PII_CA_SIN] = {
        .name = "CA_SIN", .synonyms = "CA_SOCIAL_INSURANCE_NUMBER", .country = "CA", .kind = PII_OPTIONAL,
        .context = "sin|social insurance|nas|assurance sociale",
    },
    [PII_IN_AADHAAR] = {
        .name = "IN_AADHAAR", .synonyms = "", .country = "IN", .kind = PII_OPTIONAL,
        .context = "aadhaar|aadhar|uidai|uid",
    },
    [PII_IN_PAN] = {
        .name = "IN_PAN", .synonyms = "IN_PERMANENT_ACCOUNT_NUMBER", .country = "IN", .kind = PII_OPTIONAL,
        .context = "pan|permanent account|income tax",
    },
    [PII_ES_NIF] = {
        .name = "ES_NIF", .synonyms = "", .country = "ES", .kind = PII_OPTIONAL,
        .context = "nif|dni|documento|identidad|identificación|fiscal",
    },
    [PII_ES_NIE] = {
        .name = "ES_NIE", .synonyms = "", .country = "ES", .kind = PII_OPTIONAL,
        .context = "nie|extranjero|identidad|identificación",
    },
    [PII_IT_FISCAL_CODE] = {
        .name = "IT_FISCAL_CODE", .synonyms = "", .country = "IT", .kind = PII_OPTIONAL,
        .context = "codice fiscale|fiscale|fiscal code|cf",
    },
    [PII_IT_VAT_CODE] = {
        .name = "IT_VAT_CODE", .synonyms = "", .country = "IT", .kind = PII_OPTIONAL,
        .context = "partita iva|iva|p iva|piva|vat",
    },
    [PII_PL_PESEL] = {
        .name = "PL_PESEL", .synonyms = "", .country = "PL", .kind = PII_OPTIONAL,
        .context = "pesel",
    },
    [PII_SE_PERSONNUMMER] = {
        .name = "SE_PERSONNUMMER", .synonyms = "", .country = "SE", .kind = PII_OPTIONAL,
        .context = "personnummer|samordningsnummer|personal identity|pnr|personnr|swedish",
    },
    [PII_FI_PERSONAL_IDENTITY_CODE] = {
        .name = "FI_PERSONAL_IDENTITY_CODE", .synonyms = "FI_HETU", .country = "FI", .kind = PII_OPTIONAL,
        .context = "henkilötunnus|hetu|personal identity|personbeteckning",
    },
    [PII_DE_TAX_ID] = {
        .name = "DE_TAX_ID", .synonyms = "DE_STEUER_ID", .country = "DE", .kind = PII_OPTIONAL,
        .context = "steuer|id nr|steueridentifikationsnummer|tax id|tin|steuernummer|tax",
    },
    [PII_KR_RRN] = {
        .name = "KR_RRN", .synonyms = "", .country = "KR", .kind = PII_OPTIONAL,
        .context = "rrn|resident registration|주민등록번호|주민번호|주민등록|"
                   "resident",
    },
    [PII_TR_NATIONAL_ID] = {
        .name = "TR_NATIONAL_ID", .synonyms = "", .country = "TR", .kind = PII_OPTIONAL,
        .context = "kimlik|tckn|tc kimlik|tc no|t c|national id|turkish",
    },
    [PII_TH_TNIN] = {
        .name = "TH_TNIN", .synonyms = "", .country = "TH", .kind = PII_OPTIONAL,
        .context = "thai|national id|บัตรประชาชน|"
                   "เลขประจำตัวประชาชน|tnin|id card|"
                   "citizen",
    },
    [PII_ZA_ID_NUMBER] = {
        .name = "ZA_ID_NUMBER", .synonyms = "ZA_ID", .country = "ZA", .kind = PII_OPTIONAL,
        .context = "id number|identity|said|south african|id no|national id|sa id|rsa id|rsa|id nommer",
    },
    [PII_AU_TFN] = {
        .name = "AU_TFN", .synonyms = "", .country = "AU", .kind = PII_OPTIONAL,
        .context = "tfn|tax file",
    },
    [PII_AU_ABN] = {
        .name = "AU_ABN", .synonyms = "", .country = "AU", .kind = PII_OPTIONAL,
        .context = "abn|business number|australian business",
    },
    [PII_AU_ACN] = {
        .name = "AU_ACN", .synonyms = "", .country = "AU", .kind = PII_OPTIONAL,
        .context = "acn|company number|australian company",
    },
    [PII_AU_MEDICARE] = {
        .name = "AU_MEDICARE", .synonyms = "", .country = "AU", .kind = PII_OPTIONAL,
        .context = "medicare",
    },
    [PII_SG_NRIC_FIN] = {
        .name = "SG_NRIC_FIN", .synonyms = "SG_FIN SG_NRIC", .country = "SG", .kind = PII_OPTIONAL,
        .context = "nric|fin|identity card|ic",
    },
    [PII_SG_UEN] = {
        .name = "SG_UEN", .synonyms = "", .country = "SG", .kind = PII_OPTIONAL,
        .context = "uen|unique entity|business registration|acra",
    },
    [PII_AWS_SECRET_KEY] = {
        .name = "AWS_SECRET_KEY", .synonyms = "", .country = "", .kind = PII_OPTIONAL,
        .context = "secret|aws|access key",
    },
    [PII_PASSWORD] = {
        .name = "PASSWORD", .synonyms = "", .country = "", .kind = PII_OPTIONAL,
        .context = "",
    },
    [PII_USERNAME] = {
        .name = "USERNAME", .synonyms = "", .country = "", .kind = PII_OPTIONAL,
        .context = "",
    },
    [PII_VEHICLE_IDENTIFICATION_NUMBER] = {
        .name = "VEHICLE_IDENTIFICATION_NUMBER", .synonyms = "VIN", .country = "", .kind = PII_OPTIONAL,
        .context = "vin|chassis|vehicle|fahrgestellnummer|frame",
    },
    [PII_LICENSE_PLATE] = {
        .name = "LICENSE_PLATE", .synonyms = "", .country = "", .kind = PII_OPTIONAL,
        .context = "plate|license plate|number plate|registration|kennzeichen|matricula|"
                   "matrícula|immatriculation|targa|reg|tag",
    },
    [PII_DATE_TIME] = {
        .name = "DATE_TIME", .synonyms = "DATE_OF_BIRTH DOB", .country = "", .kind = PII_OPTIONAL,
        .context = "dob|born|birth|birthday|birthdate|date of birth|geburtsdatum|geboren|"
                   "naissance|né le|née le|nacimiento|nacido|nacida|nascita|geb|d o b|bday|nato|nata|"
                   "nascido|nascimento|geboortedatum|född|syntynyt|urodzenia",
    },
    [PII_AGE] = {
        .name = "AGE", .synonyms = "", .country = "", .kind = PII_OPTIONAL,
        .context = "age|aged",
    },
    [PII_PERSON] = {
        .name = "PERSON", .synonyms = "NAME", .country = "", .kind = PII_BEST_EFFORT,
        .context = "",
    },
    [PII_LOCATION] = {
        .name = "LOCATION", .synonyms = "ADDRESS STREET_ADDRESS", .country = "", .kind = PII_BEST_EFFORT,
        .context = "",
    },
};

const struct pii_recogniser pii_recognisers[] = {
    {PII_EMAIL_ADDRESS, PII_ANCHOR_AT, pii_email_find},
    {PII_CREDIT_CARD, PII_ANCHOR_RUN12, pii_card_find},
    {PII_CREDIT_CARD, PII_ANCHOR_GROUPS, pii_card_find},
    {PII_US_SSN, PII_ANCHOR_SSN, pii_ssn_find},
    {PII_US_ITIN, PII_ANCHOR_SSN, pii_ssn_find},
    {PII_US_SSN, PII_ANCHOR_RUN9, pii_ssn_bare_find},
    {PII_US_ITIN, PII_ANCHOR_RUN9, pii_ssn_bare_find},
    {PII_IBAN_CODE, PII_ANCHOR_IBAN, pii_iban_find},
    {PII_PHONE_NUMBER, PII_ANCHOR_NANP, pii_phone_nanp_find},
    {PII_PHONE_NUMBER, PII_ANCHOR_PLUS, pii_phone_plus_find},
    {PII_PHONE_NUMBER, PII_ANCHOR_DIAL, pii_phone_national_find},
    {PII_PHONE_NUMBER, PII_ANCHOR_PAREN, pii_phone_national_find},
    {PII_IP_ADDRESS, PII_ANCHOR_IP4, pii_ip4_find},
    {PII_IP_ADDRESS, PII_ANCHOR_COLONS, pii_ip6_find},
    {PII_MAC_ADDRESS, PII_ANCHOR_MAC, pii_mac_find},
    {PII_URL, PII_ANCHOR_SCHEME, pii_url_find},
    {PII_CRYPTO, PII_ANCHOR_LONG, pii_crypto_find},
    {PII_AWS_ACCESS_KEY, PII_ANCHOR_IA, pii_aws_access_key_find},
    {PII_UK_NINO, PII_ANCHOR_NINO, pii_nino_find},
    {PII_US_MBI, PII_ANCHOR_MBI, pii_mbi_find},
    {PII_CREDIT_DEBIT_CVV, PII_ANCHOR_NUMBER, pii_cvv_find},
    {PII_CREDIT_DEBIT_EXPIRY, PII_ANCHOR_NUMBER, pii_expiry_find},
    {PII_PIN, PII_ANCHOR_NUMBER, pii_pin_find},
    {PII_SWIFT_CODE, PII_ANCHOR_WORD, pii_swift_find},
    {PII_US_BANK_NUMBER, PII_ANCHOR_NUMBER, pii_bank_number_find},
    {PII_US_PASSPORT, PII_ANCHOR_RUN9, pii_passport_find},
    {PII_US_PASSPORT, PII_ANCHOR_CODE, pii_passport_find},
    {PII_US_DRIVER_LICENSE, PII_ANCHOR_NUMBER, pii_driver_license_find},
    {PII_US_DRIVER_LICENSE, PII_ANCHOR_CODE, pii_driver_license_find},
    {PII_VEHICLE_IDENTIFICATION_NUMBER, PII_ANCHOR_LONG, pii_vin_find},
    {PII_LICENSE_PLATE, PII_ANCHOR_WORD, pii_plate_find},
    {PII_AWS_SECRET_KEY, PII_ANCHOR_WORD, pii_aws_secret_key_find},
    {PII_PASSWORD, PII_ANCHOR_WORD, pii_password_find},
    {PII_USERNAME, PII_ANCHOR_WORD, pii_username_find},
    {PII_DATE_TIME, PII_ANCHOR_WORD, pii_date_find},
    {PII_AGE, PII_ANCHOR_NUMBER, pii_age_find},
    {PII_PERSON, PII_ANCHOR_WORD, pii_person_find},
    {PII_LOCATION, PII_ANCHOR_WORD, pii_location_find},
    {PII_ABA_ROUTING_NUMBER, PII_ANCHOR_NUMBER, pii_national_find},
    {PII_US_NPI, PII_ANCHOR_NUMBER, pii_national_find},
    {PII_UK_NHS, PII_ANCHOR_NUMBER, pii_national_find},
    {PII_CA_SIN, PII_ANCHOR_NUMBER, pii_national_find},
    {PII_IN_AADHAAR, PII_ANCHOR_NUMBER, pii_national_find},
    {PII_IT_VAT_CODE, PII_ANCHOR_NUMBER, pii_national_find},
    {PII_PL_PESEL, PII_ANCHOR_NUMBER, pii_national_find},
    {PII_SE_PERSONNUMMER, PII_ANCHOR_NUMBER, pii_national_find},
    {PII_FI_PERSONAL_IDENTITY_CODE, PII_ANCHOR_NUMBER, pii_national_find},
    {PII_DE_TAX_ID, PII_ANCHOR_NUMBER, pii_national_find},
    {PII_KR_RRN, PII_ANCHOR_NUMBER, pii_national_find},
    {PII_TR_NATIONAL_ID, PII_ANCHOR_NUMBER, pii_national_find},
    {PII_TH_TNIN, PII_ANCHOR_NUMBER, pii_national_find},
    {PII_ZA_ID_NUMBER, PII_ANCHOR_NUMBER, pii_national_find},
    {PII_AU_TFN, PII_ANCHOR_NUMBER, pii_national_find},
    {PII_AU_ABN, PII_ANCHOR_NUMBER, pii_national_find},
    {PII_AU_ACN, PII_ANCHOR_NUMBER, pii_national_find},
    {PII_AU_MEDICARE, PII_ANCHOR_NUMBER, pii_national_find},
    {PII_ES_NIF, PII_ANCHOR_NUMBER, pii_national_find},
    {PII_MEDICAL_LICENSE, PII_ANCHOR_CODE, pii_national_find},
    {PII_UK_POSTCODE, PII_ANCHOR_CODE, pii_national_find},
    {PII_UK_PASSPORT, PII_ANCHOR_RUN9, pii_uk_passport_find},
    {PII_UK_PASSPORT, PII_ANCHOR_CODE, pii_uk_passport_find},
    {PII_UK_DRIVING_LICENCE, PII_ANCHOR_CODE, pii_national_find},
    {PII_UK_VEHICLE_REGISTRATION, PII_ANCHOR_CODE, pii_national_find},
    {PII_IN_PAN, PII_ANCHOR_CODE, pii_national_find},
    {PII_ES_NIE, PII_ANCHOR_CODE, pii_national_find},
    {PII_IT_FISCAL_CODE, PII_ANCHOR_WORD, pii_national_find},
    {PII_SG_NRIC_FIN, PII_ANCHOR_CODE, pii_national_find},
    {PII_SG_UEN, PII_ANCHOR_NUMBER, pii_national_find},
    {PII_SG_UEN, PII_ANCHOR_CODE, pii_national_find},
};

const size_t pii_recogniser_count = sizeof(pii_recognisers) / sizeof(pii_recognisers[0]);

static bool is(const char *text, size_t size, const char *name)
{
    return strlen(name) == size && strncasecmp(text, name, size) == 0;
}

static bool listed(const char *list, const char *text, size_t size)
{
    while (*list) {
        size_t len = strcspn(list, " ");
        if (len == size && strncasecmp(list, text, size) == 0)
            return true;
        list += len + (list[len] == ' ');
    }
    return false;
}

static bool selects(const struct pii_entity_info *e, const char *name, size_t size)
{
    size_t prefix = strlen(PACK_PREFIX);
    if (is(name, size, "ALL"))
        return e->kind != PII_BEST_EFFORT;
    if (is(name, size, "DEFAULT"))
        return e->kind == PII_DEFAULT;
    if (size > prefix && strncasecmp(name, PACK_PREFIX, prefix) == 0)
        return is(name + prefix, size - prefix, e->country);
    return is(name, size, e->name) || listed(e->synonyms, name, size);
}

bool pii_registry_select(const char *name, size_t size, struct pii_set *set)
{
    bool found = false;
    for (unsigned i = 0; i < PII_ENTITIES; i++)
        if (selects(&pii_entities[i], name, size)) {
            pii_set_add(set, i);
            found = true;
        }
    return found;
}

struct pii_set pii_registry_default(void)
{
    struct pii_set set = {{0, 0}};
    pii_registry_select("DEFAULT", strlen("DEFAULT"), &set);
    return set;
}

/* Words that begin something else. */
#define OTHER_LABELS \
    "isbn|issn|sku|uuid|guid|order|invoice|tracking|ean|upc|gtin|imei|serial|version|build|timestamp|ts|" \
    "epoch|lat|lon|coordinates|commit|hash|md5|sha1|sha256|checksum|model|part|zip|total|amount|price"

static bool list_byte(int c)
{
    return c == ' ' || c == ',' || c == ';' || c == '/' || c == '&' || c == '|';
}

/* The end of what stands in front of `start` when nothing but ", ", " or " and the like lies
 * between; `start` else. */
static size_t list_item_end(const struct pii_text *t, size_t start)
{
    static const char *const words[] = {"and", "or", "und", "oder", "et", "ou", "y", "o", "e"};
    size_t at = start;
    while (start - at < 4 && list_byte(pii_at(t, at - 1)))
        at--;
    for (size_t i = 0; at > 0 && i < sizeof(words) / sizeof(words[0]); i++) {
        size_t n = strlen(words[i]);
        if (at > n && memcmp(t->p + at - n, words[i], n) == 0 && list_byte(pii_at(t, at - n - 1)))
            return at - n - 1;
    }
    return at;
}

/* What stands in front has the same shape: digits, letters and signs at the same places. */
static bool same_shape(const struct pii_text *t, const struct pii_match *m)
{
    size_t end = list_item_end(t, m->start), size = m->end - m->start;
    if (end == m->start || end < size || pii_alnum(pii_at(t, end - size - 1)))
        return false;
    for (size_t i = 0; i < size; i++) {
        int a = t->p[end - size + i], b = t->p[m->start + i];
        if (pii_digit(a) != pii_digit(b) || pii_letter(a) != pii_letter(b) || (!pii_alnum(a) && a != b))
            return false;
    }
    return true;
}

/* A number stands between the word and the match: the word was that one's. `words`: how many
 * words are between. */
static bool used_up(const struct pii_text *t, const struct pii_match *m, unsigned words)
{
    unsigned digits = 0, left = words;
    bool inside = false;
    for (size_t at = m->start; at > 0 && m->start - at < PII_CONTEXT_BYTES; at--) {
        int c = t->p[at - 1];
        if (inside && !pii_alnum(c) && c < 0x80 && --left == 0)
            break;
        inside = pii_alnum(c) || c >= 0x80;
        digits += pii_digit(c);
    }
    return (digits >= 3 && !same_shape(t, m)) || pii_context_before(t, m->start, words, OTHER_LABELS);
}

unsigned pii_registry_score(const struct pii_text *t, const struct pii_match *m)
{
    unsigned score = m->score;
    if (score >= 100 || m->entity >= PII_ENTITIES)
        return score;
    unsigned near = pii_context_near(t, m->start, pii_entities[m->entity].context);
    unsigned between = PII_CONTEXT_WORDS - near;
    if (near == 0 || (between > 0 && used_up(t, m, between)))
        return score;
    score += PII_SCORE_CONTEXT + near - 1;
    if (score < PII_SCORE_CONTEXT_MIN)
        score = PII_SCORE_CONTEXT_MIN;
    return score > 100 ? 100 : score;
}
