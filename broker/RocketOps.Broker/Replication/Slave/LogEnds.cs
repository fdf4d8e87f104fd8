using System.Globalization;
using RocketOps.Broker.Json;
using RocketOps.Protocol.Commands;

namespace RocketOps.Broker.Replication.Slave;

/// <summary>End of a master's log, out of its runtime figures.</summary>
internal static class LogEnds
{
    /// <summary>
    /// Returns the end in bytes. Throws <see cref="InvalidDataException"/> when the answer does not have it. Source: admin.md §2.6.
    /// </summary>
    public static long Read(RemotingCommand answer)
    {
        string? end = BrokerJson.Read(answer.Body.Span, BrokerJson.Default.KeyValueTable).Table.GetValueOrDefault("commitLogMaxOffset");
        return long.TryParse(end, NumberStyles.None, CultureInfo.InvariantCulture, out long offset) ? offset
            : throw new InvalidDataException("the master does not tell its commitLogMaxOffset");
    }
}
