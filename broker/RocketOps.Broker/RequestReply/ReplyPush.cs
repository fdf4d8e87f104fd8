namespace RocketOps.Broker.RequestReply;

/// <summary>Result of handing a reply on to the client that asked.</summary>
/// <param name="Problem">RocketMQ's text, null when the client has taken the reply.</param>
/// <param name="IsUnknown">The client is not connected here, or has sent no heartbeat yet.</param>
internal readonly record struct ReplyPush(string? Problem, bool IsUnknown = false)
{
    public bool IsTaken => Problem is null;
}
