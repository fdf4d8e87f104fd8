using RocketOps.Broker.Clients;
using RocketOps.Broker.Handlers.StaticTopics;
using RocketOps.Broker.Pulling;
using RocketOps.Broker.Replies;
using RocketOps.Broker.StaticTopics;
using RocketOps.Protocol.Commands;
using RocketOps.Protocol.Headers;
using RocketOps.Remoting.Connections;

namespace RocketOps.Broker.Handlers.Pulling;

/// <summary>
/// PULL_MESSAGE (11) and LITE_PULL_MESSAGE (361) on the connection's loop: the frame becomes a request, what passes <see cref="PullChecks"/> is answered from memory or
/// parked, what does not is refused within the batch.
/// </summary>
internal sealed class PullMessageHandler : IRequestHandler
{
    private readonly PullChecks _checks;
    private readonly PullRefusals _refusals;
    private readonly PullExecutor _executor;
    private readonly ParkedPulls _parked;
    private readonly ConsumerTable _consumers;
    private readonly RemotingPullReplies _replies = new();
    private readonly LogicPullReplies _logicReplies = new();
    private readonly PullForwarder _forwarder;
    private readonly FirstPullHandler _firstPulls;

    public PullMessageHandler(PullChecks checks, PullRefusals refusals, PullExecutor executor, ParkedPulls parked, ConsumerTable consumers, GroupMaker groups, PullForwarder forwarder)
    {
        _checks = checks;
        _refusals = refusals;
        _executor = executor;
        _parked = parked;
        _consumers = consumers;
        _forwarder = forwarder;
        _firstPulls = new FirstPullHandler(groups, this, refusals, forwarder);
    }

    public void Handle(in RequestFrame frame, RequestBatch batch)
    {
        // Step 3 of a pull (ARCHITECTURE.md).
        PullMessageRequestHeader header = PullMessageRequestHeader.Read(frame, batch.RentScratch(frame.ScratchBytes));
        PullRequest request = RequestOf(frame, header, batch.Connection, filtersItself: false);
        PullStatus status = Handle(frame, header, request, batch.Connection, flush: false);
        switch (status)
        {
            case PullStatus.Ok:
                break;
            case PullStatus.GroupToBeMade:
                _firstPulls.Handle(frame, batch);
                break;
            case PullStatus.HeldElsewhere:
                _forwarder.Handle(frame, batch);
                break;
            default:
                Span<byte> buffer = stackalloc byte[RemarkText.MaxBytes];
                batch.Reply(frame, PullRefusals.CodeOf(status), _refusals.RemarkOf(status, request, buffer));
                break;
        }
    }

    /// <summary>Answers or parks the pull, or says why not. <paramref name="flush"/> is false on the connection's own loop only.</summary>
    public PullStatus Handle(scoped in RequestFrame frame, scoped in PullMessageRequestHeader header, scoped in PullRequest request, RemotingConnection connection, bool flush)
    {
        PullStatus status = _checks.Check(request, out PullArguments pull);
        if (status == PullStatus.SubscriptionNotLatest && FiltersItself(header, connection))
        {
            status = _checks.Check(RequestOf(frame, header, connection, filtersItself: true), out pull);
        }

        if (status == PullStatus.Ok)
        {
            PullTicket ticket = _replies.TicketOf(frame, connection);
            pull.Ticket = pull.Logic is null ? ticket : _logicReplies.TicketOf(pull.Logic, ticket);
            if (pull.HoldMs > 0 && _parked.MayNotWait(pull))
            {
                // With messages too: it would ask for the next ones at once, and that question would be on its way when the connection ends.
                pull.Ticket.Sink.Fail(pull.Ticket, PullFailure.ConnectionLeaves);
            }
            else if (!_executor.TryAnswer(pull, flush) && !_parked.TryPark(pull))
            {
                pull.HoldMs = 0;
                _executor.TryAnswer(pull, flush);
            }
        }

        return status;
    }

    public static PullRequest RequestOf(scoped in RequestFrame frame, scoped in PullMessageRequestHeader header, RemotingConnection connection, bool filtersItself) => new()
    {
        Connection = connection,
        ConsumerGroup = header.ConsumerGroup,
        Topic = header.Topic,
        QueueId = header.QueueId,
        Offset = header.QueueOffset,
        MaxMessages = header.MaxMessages,
        HoldMs = header.MaySuspend ? header.SuspendTimeoutMs : null,
        CommitOffset = header.HasCommitOffset ? header.CommitOffset : null,
        IsLite = frame.Code == RequestCode.LitePullMessage,
        HasSubscription = header.HasSubscription,
        Subscription = header.Subscription,
        ExpressionType = header.ExpressionType,
        SubscriptionVersion = header.SubscriptionVersion,
        FiltersItself = filtersItself,
        IsPhysical = header.IsPhysical,
    };

    /// <summary>
    /// True when a pull whose subscription is newer than the last heartbeat can be served without a filter. A Java client of 5.x writes a
    /// new version whenever its share of queues changes and means to send a heartbeat at once, but gives up when another of its threads is
    /// sending one: one second after its start both happen together. RocketMQ refuses its pulls with 25 until the next heartbeat, 20 to 30
    /// s later. The tags are unknown here only, and Java clients compare them with every message anyway (PullAPIWrapper.processPullResult),
    /// so more than they want is as good; other clients may rely on the broker.
    /// </summary>
    private bool FiltersItself(scoped in PullMessageRequestHeader header, RemotingConnection connection) =>
        _consumers.TryGet(header.ConsumerGroup, out OnlineGroup? online) && online.TryGetChannel(connection)?.Language == LanguageCode.Java;
}
