using System.Text;
using RocketOps.Broker.Offsets;
using RocketOps.Broker.StaticTopics;
using RocketOps.Broker.Topics;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Connections;

namespace RocketOps.Broker.Handlers.StaticTopics;

/// <summary>Commits of logical queues (15) whose offset lies in a stretch of another broker: it keeps the progress beside its queue.</summary>
internal sealed class CommitForwarder(TopicTable topics, ConsumerOffsetTable offsets, BrokerPeers peers) : AsyncRequestHandler
{
    protected override bool FinishesOneWay => true;

    public override async ValueTask<RemotingCommand?> HandleAsync(RemotingConnection connection, RemotingCommand request, CancellationToken cancellationToken)
    {
        long progress = request.GetRequiredInt64("commitOffset");
        if (PhysicalRequests.QueueOf(request, topics, LogicOffsetHandler.NotHere) is not { } queue || queue.Find(progress) is not { } item)
        {
            // Remapped since it was looked at.
            throw new RemotingCommandException(ResponseCode.NotLeaderForQueue, $"queue {request.Get("queueId")} of topic {request.Get("topic")} has been remapped: commit again");
        }

        RemotingCommand physical = PhysicalRequests.Rewrite(request, item).Set("commitOffset", item.ToPhysical(progress));
        RemotingCommand answer = await peers.InvokeAsync(item.BrokerName ?? string.Empty, physical, cancellationToken);
        if (answer.Code == ResponseCode.Success)
        {
            LogicProgress.ForgetBehind(item, queue, offsets, Encoding.UTF8.GetBytes(request.GetRequired("topic")), Encoding.UTF8.GetBytes(request.GetRequired("consumerGroup")));
        }

        return PhysicalRequests.AnswerOf(request, answer);
    }
}
