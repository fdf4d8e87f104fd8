namespace RocketOps.Election.Members;

/// <summary>End of what a member has of the group's log. The later epoch is further: its master had what was acknowledged before.</summary>
/// <param name="Epoch">Of the last byte.</param>
/// <param name="Offset">Behind the last byte.</param>
public readonly record struct LogEnd(long Epoch, long Offset) : IComparable<LogEnd>
{
    public int CompareTo(LogEnd other) => Epoch != other.Epoch ? Epoch.CompareTo(other.Epoch) : Offset.CompareTo(other.Offset);

    public static bool operator <(LogEnd left, LogEnd right) => left.CompareTo(right) < 0;

    public static bool operator >(LogEnd left, LogEnd right) => left.CompareTo(right) > 0;

    public static bool operator <=(LogEnd left, LogEnd right) => left.CompareTo(right) <= 0;

    public static bool operator >=(LogEnd left, LogEnd right) => left.CompareTo(right) >= 0;
}
