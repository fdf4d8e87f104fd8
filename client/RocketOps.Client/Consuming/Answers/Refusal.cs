using RocketOps.Protocol.Commands;

namespace RocketOps.Client.Consuming.Answers;

/// <summary>What several handlers answer alike.</summary>
internal static class Refusal
{
    /// <summary>In Java's words (ClientRemotingProcessor).</summary>
    public static RemotingCommand NoSuchGroup(RemotingCommand request) =>
        RemotingCommand.CreateResponse(request, ResponseCode.SystemError, $"The Consumer Group <{request.Get("consumerGroup")}> not exist in this consumer");
}
