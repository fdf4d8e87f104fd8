namespace RocketOps.Protocol.Names;

/// <summary>
/// Bits of what clients may do with a topic, or with all topics of a broker. Bit 8 (priority) is used by nobody. Source: remoting.md §3.6.
/// </summary>
public static class PermissionBits
{
    /// <summary>Sends to topics that are not there may have them made after this one.</summary>
    public const int Inherit = 1;

    /// <summary>Producers may send.</summary>
    public const int Write = 2;

    /// <summary>Consumers may read.</summary>
    public const int Read = 4;

    public const int ReadWrite = Read | Write;

    /// <summary>The largest permission that brokers take: all bits that mean something.</summary>
    public const int All = ReadWrite | Inherit;
}
