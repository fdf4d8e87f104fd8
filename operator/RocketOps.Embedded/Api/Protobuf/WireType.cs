namespace RocketOps.Embedded.Api.Protobuf;

/// <summary>How a field's bytes are laid out; the numbers are the wire's. Fixed widths (1, 5) and groups (3, 4) occur in no message here.</summary>
internal enum WireType
{
    Varint = 0,
    Bytes = 2,
}
