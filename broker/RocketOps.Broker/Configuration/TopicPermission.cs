namespace RocketOps.Broker.Configuration;

/// <summary>Bits of a topic's or broker's permission. Source: remoting.md §3.6.</summary>
internal static class TopicPermission
{
    /// <summary>Sends to unknown topics may copy this topic's settings.</summary>
    public const int Inherit = 1;
    public const int Write = 2;
    public const int Read = 4;
    public const int ReadWrite = Read | Write;
}
