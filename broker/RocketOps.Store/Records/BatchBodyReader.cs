using System.Buffers.Binary;

namespace RocketOps.Store.Records;

/// <summary>Walks the body of a client batch.</summary>
// One message of a batch body. Source: remoting.md §4.6. All integers big-endian.
//   off   size  field
//   0     4     totalSize         including itself
//   4     4     magic             0
//   8     4     bodyCrc           0; the broker computes it
//   12    4     flag
//   16    4     bodyLength        n
//   20    n     body
//   20+n  2     propertiesLength  p
//   22+n  p     properties
internal ref struct BatchBodyReader
{
    private const int FixedBytes = 22;

    private ReadOnlySpan<byte> _rest;

    public BatchBodyReader(ReadOnlySpan<byte> body)
    {
        _rest = body;
    }

    public int Flag { get; private set; }

    public ReadOnlySpan<byte> Body { get; private set; }

    public ReadOnlySpan<byte> Properties { get; private set; }

    /// <summary>Set when the walk ended because the bytes are no batch.</summary>
    public bool IsMalformed { get; private set; }

    public bool MoveNext()
    {
        if (_rest.IsEmpty)
        {
            return false;
        }

        if (_rest.Length < FixedBytes)
        {
            return Malformed();
        }

        int totalSize = BinaryPrimitives.ReadInt32BigEndian(_rest);
        if (totalSize < FixedBytes || totalSize > _rest.Length)
        {
            return Malformed();
        }

        int bodyLength = BinaryPrimitives.ReadInt32BigEndian(_rest[16..]);
        if (bodyLength < 0 || bodyLength > totalSize - FixedBytes)
        {
            return Malformed();
        }

        short propertiesLength = BinaryPrimitives.ReadInt16BigEndian(_rest[(20 + bodyLength)..]);
        if (propertiesLength < 0 || FixedBytes + bodyLength + propertiesLength != totalSize)
        {
            return Malformed();
        }

        Flag = BinaryPrimitives.ReadInt32BigEndian(_rest[12..]);
        Body = _rest.Slice(20, bodyLength);
        Properties = _rest.Slice(FixedBytes + bodyLength, propertiesLength);
        _rest = _rest[totalSize..];
        return true;
    }

    private bool Malformed()
    {
        IsMalformed = true;
        return false;
    }
}
