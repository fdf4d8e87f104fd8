namespace RocketOps.Broker.RequestReply;

/// <summary>What became of handing a reply on to the client that asked. <paramref name="Problem"/> is RocketMQ's text, null when the client has taken the reply.</summary>
internal readonly record struct ReplyPush(string? Problem)
{
    public bool IsTaken => Problem is null;
}
