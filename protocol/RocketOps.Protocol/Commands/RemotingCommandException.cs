namespace RocketOps.Protocol.Commands;

/// <summary>
/// A request that is refused with a response code and remark. Thrown in a handler it becomes the answer, without a stack in the log;
/// a client throws it when <see cref="RemotingCommand.Code"/> of an answer is not what the caller can use.
/// </summary>
public sealed class RemotingCommandException : Exception
{
    public RemotingCommandException(int responseCode, string remark)
        : base(remark)
    {
        ResponseCode = responseCode;
    }

    /// <summary>One of <see cref="RocketOps.Protocol.Commands.ResponseCode"/>.</summary>
    public int ResponseCode { get; }
}
