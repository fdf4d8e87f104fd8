namespace RocketOps.NameServer.Routing;

/// <summary>The queues of a topic on one broker group. Source: remoting.md §3.6 for <paramref name="Perm"/> and <paramref name="SysFlag"/>.</summary>
internal sealed record QueueData(string BrokerName, int ReadQueues, int WriteQueues, int Perm, int SysFlag)
{
    public const int UnitFlag = 1;
    public const int UnitSubFlag = 2;

    /// <summary>Mapping of a static topic; null for all others.</summary>
    public TopicQueueMappingInfo? Mapping { get; init; }
}
