namespace RocketOps.Embedded.Api.Protobuf;

/// <summary>What a field becomes in JSON. Go's plain fields are always on the wire and mean nothing when zero; its pointers only when set.</summary>
internal enum FieldKind
{
    /// <summary>A string, absent when empty.</summary>
    Text,

    /// <summary>An integer, absent when zero.</summary>
    Number,

    /// <summary>An integer that counts when zero.</summary>
    OptionalNumber,

    /// <summary>A boolean, absent when false.</summary>
    Flag,

    /// <summary>A boolean that counts when false.</summary>
    OptionalFlag,

    /// <summary>Seconds and nanoseconds since 1970, absent when empty.</summary>
    Time,

    /// <summary>A message, absent when nothing is in it.</summary>
    Message,

    /// <summary>Bytes that are JSON (FieldsV1).</summary>
    Json,

    /// <summary>A map of strings to strings.</summary>
    TextMap,

    /// <summary>A map of strings to bytes, base64 in JSON.</summary>
    BytesMap,
}
