using RocketOps.Protocol.Commands;

namespace RocketOps.Client.Calls;

/// <summary>Header fields of answers; one that cannot be read is the server's fault and says so.</summary>
internal static class AnswerFields
{
    /// <summary>Throws <see cref="RocketMqException"/> when the field is there and no number.</summary>
    public static long ReadInt64(this RemotingCommand response, string name, long fallback, string address)
    {
        try
        {
            return response.GetInt64(name, fallback);
        }
        catch (RemotingCommandException malformed)
        {
            throw new RocketMqException($"{address} answered with a field that cannot be read: {malformed.Message}", malformed) { Reason = RocketMqErrorReason.InvalidAnswer };
        }
    }
}
