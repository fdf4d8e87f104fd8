namespace RocketOps.Protocol.Records;

/// <summary>
/// Byte position in the endless commit log: file = offset / file size, position in it = offset % file size. A type of its own so that it is never
/// swapped with a queue offset, which counts messages of one queue.
/// </summary>
public readonly record struct PhysicalOffset(long Value) : IComparable<PhysicalOffset>
{
    public int CompareTo(PhysicalOffset other) => Value.CompareTo(other.Value);

    public static bool operator <(PhysicalOffset left, PhysicalOffset right) => left.Value < right.Value;

    public static bool operator >(PhysicalOffset left, PhysicalOffset right) => left.Value > right.Value;

    public static bool operator <=(PhysicalOffset left, PhysicalOffset right) => left.Value <= right.Value;

    public static bool operator >=(PhysicalOffset left, PhysicalOffset right) => left.Value >= right.Value;
}
