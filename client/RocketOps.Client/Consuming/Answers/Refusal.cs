using RocketOps.Protocol.Commands;

namespace RocketOps.Client.Consuming.Answers;

/// <summary>Refusals that several handlers answer alike.</summary>
internal static class Refusal
{
    /// <summary>Refusal for an unknown group, in Java's words (ClientRemotingProcessor).</summary>
    public static RemotingCommand NoSuchGroup(RemotingCommand request) =>
        RemotingCommand.CreateResponse(request, ResponseCode.SystemError, $"The Consumer Group <{request.Get("consumerGroup")}> not exist in this consumer");
}
