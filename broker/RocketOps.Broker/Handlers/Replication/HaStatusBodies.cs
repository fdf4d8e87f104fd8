using System.Text.Json.Serialization;

namespace RocketOps.Broker.Handlers.Replication;

/// <summary>Answer to GET_BROKER_HA_STATUS; what is of the other role is zero or empty, as from a 5.5 broker, which has no <c>activated</c> any more. Source: admin.md §2.7.</summary>
internal sealed class HaStatusBody
{
    [JsonPropertyName("haClientRuntimeInfo")]
    public HaClientBody Client { get; set; } = new();

    [JsonPropertyName("haConnectionInfo")]
    public IReadOnlyList<HaConnectionBody> Connections { get; set; } = [];

    [JsonPropertyName("inSyncSlaveNums")]
    public int InSyncSlaves { get; init; }

    [JsonPropertyName("master")]
    public bool IsMaster { get; init; }

    [JsonPropertyName("masterCommitLogMaxOffset")]
    public long MasterEnd { get; init; }
}

/// <summary>State of a slave's own connection, as it knows it.</summary>
internal sealed class HaClientBody
{
    [JsonPropertyName("lastReadTimestamp")]
    public long LastReadTimestamp { get; init; }

    [JsonPropertyName("lastWriteTimestamp")]
    public long LastWriteTimestamp { get; init; }

    [JsonPropertyName("masterAddr")]
    public string? MasterAddress { get; init; }

    /// <summary>Only the acting masters of 5.x learn it.</summary>
    [JsonPropertyName("masterFlushOffset")]
    public long MasterFlushOffset { get; init; }

    [JsonPropertyName("maxOffset")]
    public long MaxOffset { get; init; }

    [JsonPropertyName("transferredByteInSecond")]
    public long BytesPerSecond { get; init; }
}

/// <summary>One slave as its master knows it.</summary>
internal sealed class HaConnectionBody
{
    [JsonPropertyName("addr")]
    public required string Address { get; init; }

    [JsonPropertyName("diff")]
    public required long Lag { get; init; }

    [JsonPropertyName("inSync")]
    public required bool IsInSync { get; init; }

    [JsonPropertyName("slaveAckOffset")]
    public required long Acknowledged { get; init; }

    [JsonPropertyName("transferFromWhere")]
    public required long Sent { get; init; }

    [JsonPropertyName("transferredByteInSecond")]
    public required long BytesPerSecond { get; init; }
}
