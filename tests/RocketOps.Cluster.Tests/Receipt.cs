using System.Text.Json;

namespace RocketOps.Cluster.Tests;

/// <summary>A message that a member of a group got.</summary>
/// <param name="Key">The message's own name.</param>
/// <param name="Queue">Broker and queue.</param>
/// <param name="Offset">Its place in the queue.</param>
/// <param name="StoredAt">When a broker stored it, in milliseconds of this machine's clock.</param>
/// <param name="At">When it was received, in milliseconds of this machine's clock.</param>
/// <param name="WasSentBack">It had been given to a member before, who gave it back.</param>
/// <param name="Group">Whose member got it.</param>
/// <param name="Member">Name of who got it.</param>
internal sealed record Receipt(string Key, string Queue, long Offset, long StoredAt, long At, bool WasSentBack, string Group, string Member)
{
    public static Receipt From(JsonElement line, ForeignClient member) => new(
        line.GetProperty("keys").ToString(),
        $"{line.GetProperty("brokerName").GetString()}/{line.GetProperty("queueId").GetInt32()}",
        line.GetProperty("queueOffset").GetInt64(),
        line.GetProperty("storeTimestamp").GetInt64(),
        line.GetProperty("receivedTimestamp").GetInt64(),
        line.GetProperty("reconsumeTimes").GetInt32() > 0,
        member.Group,
        member.Name);
}
