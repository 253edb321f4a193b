// SPDX-License-Identifier: MIT
// Messages that objlens made, opened by the AWS Encryption SDK itself, which must find a key commitment.
import { createRequire } from 'node:module'
import crypto from 'node:crypto'
import fs from 'node:fs'

const sdk = createRequire(import.meta.url)('@aws-crypto/client-node')
const { keys, messages } = JSON.parse(fs.readFileSync(process.env.MESSAGES))

function keyring(type) {
  const key = keys.find((entry) => entry.type === type)
  const names = { keyName: key.id, keyNamespace: key.namespace }
  if (type === 'rsa')
    return new sdk.RawRsaKeyringNode({
      ...names, rsaKey: { privateKey: key.material }, oaepHash: 'sha256',
      padding: crypto.constants.RSA_PKCS1_OAEP_PADDING,
    })
  const unencryptedMasterKey = new Uint8Array(new ArrayBuffer(32))
  unencryptedMasterKey.set(Buffer.from(key.material, 'base64'))
  return new sdk.RawAesKeyringNode({
    ...names, unencryptedMasterKey,
    wrappingSuite: sdk.RawAesWrappingSuiteIdentifier.AES256_GCM_IV12_TAG16_NO_PADDING,
  })
}

const { decrypt } = sdk.buildDecrypt(sdk.CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT)
let opened = 0
for (const message of messages) {
  const { plaintext, messageHeader } = await decrypt(keyring(message.key), Buffer.from(message.body, 'base64'))
  const same = Buffer.from(plaintext).toString('base64') === message.plain
  if (same && messageHeader.encryptionContext.team === 'blü') opened++
}
console.log(JSON.stringify({ opened }))
