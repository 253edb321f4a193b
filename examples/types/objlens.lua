---@meta
-- SPDX-License-Identifier: MIT
-- What a transform for objlens finds, for editors that understand LuaLS annotations: completion,
-- hints, and warnings for what is not there. Never loaded by objlens. docs/lua_api.md is the reference.

---What a transform's file returns, unless it returns the function `get` alone.
---@class objlens.Module
---@field get? fun(event: objlens.Event, object: objlens.Object, response: objlens.Response)
---@field head? fun(event: objlens.Event, object: objlens.Object, response: objlens.HeadResponse)
---@field response? fun(event: objlens.Event, object: objlens.Object, response: objlens.Response)
---@field list? fun(event: objlens.Event, listing: objlens.Listing, response: objlens.Response): objlens.Listing|string|table
---@field request? fun(event: objlens.Event, key: string, response: objlens.RequestResponse): string?
---@field positions? { before?: integer, after?: integer }
---@field depends? objlens.Depends

---@class objlens.Depends
---@field identity? boolean  false: the same view for everybody; event.userIdentity raises
---@field headers? string[]  names of request headers that are read
---@field request? boolean  true: event.xAmzRequestId and event.time can be read; views have no ETag

---Texts by name. Indexing gives nil for one that is not there; pairs goes in the order of the names.
---@alias objlens.Fields { [string]: string }

---Who asks for what. Read-only.
---@class objlens.Event
---@field userIdentity objlens.UserIdentity
---@field userRequest objlens.UserRequest
---@field configuration objlens.Configuration
---@field protocolVersion string
---@field xAmzRequestId string
---@field time string
local event = {}

---A query parameter.
---@param name string
---@return string?
function event:query(name) end

---@class objlens.UserIdentity
---@field type string
---@field principalId string
---@field arn string
---@field accountId string
---@field userName? string
---@field [string] string?

---@class objlens.UserRequest
---@field url string
---@field query objlens.Fields
---@field headers objlens.Fields
---@field method? string  in `request` only
---@field sourceIp? string  in `request` only

---@class objlens.Configuration
---@field payload string
---@field accessPointArn string
---@field supportingAccessPointArn string

---Bytes of the original, lent: valid until more is asked for, or it is written.
---@class objlens.Buffer
---@operator len: integer
local buffer = {}

---@param i integer
---@param j? integer
---@return string
function buffer:sub(i, j) end

---@param i? integer
---@param j? integer
---@return integer ...
function buffer:byte(i, j) end

---Plain text, no pattern.
---@param text string
---@param init? integer
---@return integer? first
---@return integer? last
function buffer:find(text, init) end

---The original.
---@class objlens.Object
---@field size? integer  unknown behind another transform
---@field etag? string
---@field lastModified? string
---@field headers objlens.Fields
---@field metadata objlens.Fields
local object = {}

---@return fun(): string?
---@overload fun(self: objlens.Object, kind: "string"): fun(): string?
---@overload fun(self: objlens.Object, kind: "buffer"): fun(): objlens.Buffer?
function object:chunks() end

---@param max_bytes? integer
---@return fun(): string?
function object:lines(max_bytes) end

---@param n integer|"a"
---@return string?
function object:read(n) end

---@param offset integer
---@param n integer
---@return string
function object:read_at(offset, n) end

---@class objlens.Response
---@field status integer
---@field headers { [string]: string|number|nil }
---@field metadata { [string]: string|number|nil }
local response = {}

---@param ... string|number|objlens.Buffer
function response:write(...) end

---Ends the transform with an S3 error.
---@param status integer
---@param code string
---@param message? string
function response:error(status, code, message) end

---@class objlens.HeadResponse: objlens.Response
---@field size? integer  how many bytes `get` writes

---@class objlens.RequestResponse: objlens.Response
local request_response = {}

---What `name` stands for may come so often.
---@param name string
---@param per_second number
---@param burst? number
function request_response:limit(name, per_second, burst) end

---@class objlens.ListedObject
---@field key string
---@field originalKey? string
---@field size? integer
---@field lastModified? string
---@field eTag? string
---@field storageClass? string
---@field checksumAlgorithm? string
---@field checksumType? string
---@field owner? { displayName?: string, id?: string }

---@class objlens.Listing
---@field contents objlens.ListedObject[]
---@field commonPrefixes { prefix: string, originalPrefix?: string }[]
---@field name? string
---@field prefix? string
---@field delimiter? string
---@field encodingType? string
---@field marker? string
---@field nextMarker? string
---@field startAfter? string
---@field continuationToken? string
---@field nextContinuationToken? string
---@field keyCount? integer
---@field maxKeys? integer
---@field isTruncated? boolean

---Lines for the transform log. Never log bytes of the object.
log = {}

---@param ... any
function log.debug(...) end

---@param ... any
function log.info(...) end

---@param ... any
function log.warn(...) end

---@param ... any
function log.error(...) end
