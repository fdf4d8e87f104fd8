using System.Net;

namespace RocketOps.Client;

/// <summary>One decoded record of a pull answer, its body still as stored.</summary>
internal sealed record StoredMessage(
    string Topic,
    int QueueId,
    long QueueOffset,
    long PhysicalOffset,
    int Flag,
    int SysFlag,
    long BornTimestampMs,
    IPEndPoint BornHost,
    long StoreTimestampMs,
    IPEndPoint StoreHost,
    int ReconsumeTimes,
    ReadOnlyMemory<byte> Body,
    Dictionary<string, string> Properties);
