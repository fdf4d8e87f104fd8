using RocketOps.Broker.Clients;
using RocketOps.Broker.Filtering;
using RocketOps.Broker.Handlers.Admin;
using RocketOps.Broker.Handlers.Assignments;
using RocketOps.Broker.Handlers.Clients;
using RocketOps.Broker.Handlers.Failover;
using RocketOps.Broker.Handlers.Groups;
using RocketOps.Broker.Handlers.Offsets;
using RocketOps.Broker.Handlers.Ordering;
using RocketOps.Broker.Handlers.Pulling;
using RocketOps.Broker.Handlers.Queries;
using RocketOps.Broker.Handlers.Replication;
using RocketOps.Broker.Handlers.Sending;
using RocketOps.Broker.Handlers.StaticTopics;
using RocketOps.Broker.Handlers.Timers;
using RocketOps.Broker.Handlers.Topics;
using RocketOps.Broker.Handlers.Transactions;
using RocketOps.Broker.Replication;
using RocketOps.Broker.StaticTopics;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Connections;
using RocketOps.Store.Contracts;

namespace RocketOps.Broker.Hosting;

/// <summary>The list of request codes this broker serves, one line each. Every other code is answered as unsupported.</summary>
internal static class BrokerHandlers
{
    public static RequestHandlerRegistry Register(BrokerParts parts)
    {
        SendReplies sendReplies = new(parts.Settings, parts.Address, parts.SendRefusals);
        SlowSendHandler slowSend = new(parts.Topics, parts.SendPipeline, sendReplies, parts.SendRefusals, parts.Appender, parts.Store, parts.Forwarder, parts.Askers, parts.Time);
        SendMessageHandler send = new(parts.SendPipeline, sendReplies, slowSend, parts.Store, parts.AppendStatistics, parts.Replicas, parts.Askers);
        ExpressionCache expressions = new();
        PullChecks pullChecks = new(parts.Settings, parts.Topics, parts.Groups, parts.Consumers, expressions, parts.ConsumerOffsets, parts.Statistics, parts.Replicas, parts.Filters, parts.AwaitedConsumers);
        PullMessageHandler pull = new(
            pullChecks, new PullRefusals(parts.Address, parts.Topics, expressions), parts.PullExecutor, parts.ParkedPulls, parts.Consumers, parts.GroupMaker, new PullForwarder(parts.Topics, parts.Peers));
        MaxOffsetHandler maxOffsets = new(parts.Topics, parts.Store);
        PhysicalRequests physical = new(parts.Peers);
        HeartbeatHandler heartbeat = new(
            parts.Settings, new HeartbeatLimits(parts.Settings, parts.Consumers, parts.Producers, parts.Registrations, parts.RefusedEntries), parts.GroupMaker, parts.Topics, parts.Consumers, parts.Producers, parts.Clients, parts.Time);
        GroupProgress progress = new(parts.Settings, parts.Topics, parts.ConsumerOffsets, parts.Consumers, parts.Store, parts.Statistics);
        ConsumerCaller caller = new(parts.Consumers);
        LogicOffsetHandler begins = OfQueue(new MinOffsetHandler(parts.Topics, parts.Store));
        LogicOffsetHandler ends = OfQueue(maxOffsets);
        LogicOffsetHandler times = OfQueue(new SearchOffsetHandler(parts.Topics, parts.Store));
        LogicOffsetHandler committed = OfQueue(new QueryConsumerOffsetHandler(parts.ConsumerOffsets, parts.Topics, parts.Store, parts.Settings, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes));
        RequestHandlerRegistry registry = new RequestHandlerRegistry { RefusalOf = RefusalOf }
            .Add(RequestCode.SendMessage, send)
            .Add(RequestCode.SendMessageV2, send)
            .Add(RequestCode.SendBatchMessage, send)
            .Add(RequestCode.SendReplyMessage, parts.Replies)
            .Add(RequestCode.SendReplyMessageV2, parts.Replies)
            .Add(RequestCode.ConsumerSendMessageBack, OfMaster(new SendBackHandler(parts.Settings, parts.Role, parts.Topics, parts.GroupMaker, parts.Store, parts.Appender, parts.Address, parts.Delays, parts.SendRefusals, parts.Statistics)))
            .Add(
                RequestCode.EndTransaction,
                OfMaster(new EndTransactionHandler(
                    parts.Settings,
                    parts.Role,
                    parts.Store,
                    parts.Appender,
                    parts.Address,
                    parts.TruePlaces,
                    parts.Delays,
                    parts.TimerRouter,
                    parts.TransactionTopics,
                    parts.Halves,
                    parts.SendRefusals,
                    parts.Time)))
            .Add(RequestCode.ResumeCheckHalfMessage, new ResumeCheckHandler(parts.Role, parts.Store, parts.Appender, parts.Address, parts.TransactionTopics, parts.Halves, parts.Time))
            .Add(
                RequestCode.RecallMessage,
                OfMaster(new RecallMessageHandler(parts.Settings, parts.Role, parts.Topics, parts.TimerRouter, parts.Timers, parts.Appender, parts.Address, parts.Time)))
            .Add(RequestCode.GetTimerCheckPoint, ToFollowers(new TimerCheckPointHandler(parts.Timers)))
            .Add(RequestCode.GetTimerMetrics, new TimerMetricsHandler(parts.Role, parts.TimerMetrics))
            .Add(RequestCode.PullMessage, pull)
            .Add(RequestCode.LitePullMessage, pull)
            .Add(RequestCode.QueryConsumerOffset, OfMaster(committed, asksOnly: true))
            .Add(RequestCode.UpdateConsumerOffset, OfMaster(new UpdateConsumerOffsetHandler(parts.ConsumerOffsets, parts.Topics, parts.Groups, new CommitForwarder(parts.Topics, parts.ConsumerOffsets, parts.Peers))))
            .Add(RequestCode.SearchOffsetByTimestamp, times)
            .Add(RequestCode.GetMaxOffset, ends)
            .Add(RequestCode.GetMinOffset, begins)
            .Add(RequestCode.GetEarliestMessageStoreTime, OfQueue(new EarliestStoreTimeHandler(parts.Topics, parts.Store)))
            .Add(RequestCode.GetAllConsumerOffset, ToFollowers(new AllConsumerOffsetsHandler(parts.ConsumerOffsets)))
            .Add(RequestCode.GetAllDelayOffset, ToFollowers(new AllDelayOffsetsHandler(parts.DelayOffsets)))
            .Add(RequestCode.InvokeBrokerToResetOffset, new ResetOffsetHandler(parts.Settings, parts.Role, parts.Topics, parts.Groups, parts.Consumers, parts.ConsumerOffsets, parts.Store, new LogicOffsets(begins, ends, times, committed)))
            .Add(RequestCode.HeartBeat, heartbeat)
            .Add(RequestCode.UnregisterClient, new UnregisterClientHandler(parts.Consumers, parts.Producers, parts.AwaitedConsumers))
            .Add(RequestCode.CheckClientConfig, new CheckClientHandler(parts.Settings))
            .Add(RequestCode.GetConsumerListByGroup, new ConsumerListHandler(parts.Consumers, parts.GroupMaker, parts.AwaitedConsumers))
            .Add(RequestCode.GetConsumerConnectionList, new ConsumerConnectionHandler(parts.Consumers))
            .Add(RequestCode.GetProducerConnectionList, new ProducerConnectionHandler(parts.Producers))
            .Add(RequestCode.GetAllProducerInfo, new AllProducersHandler(parts.Producers))
            .Add(RequestCode.GetConsumerRunningInfo, new ConsumerRunningInfoHandler(caller))
            .Add(RequestCode.ConsumeMessageDirectly, new ConsumeDirectlyHandler(parts.Settings, parts.Topics, parts.Groups, parts.Store, caller))
            .Add(RequestCode.InvokeBrokerToGetConsumerStatus, parts.ConsumerStatus)
            .Add(RequestCode.QuerySubscriptionByConsumer, new SubscriptionHandler(parts.Consumers))
            .Add(RequestCode.LockBatchMq, OfMaster(new LockBatchHandler(parts.Locks, parts.Topics, parts.Groups)))
            .Add(RequestCode.UnlockBatchMq, OfMaster(new UnlockBatchHandler(parts.Locks)))
            .Add(RequestCode.QueryMessage, new QueryMessageHandler(parts.Settings, parts.Topics, parts.Store))
            .Add(RequestCode.ViewMessageById, new ViewMessageHandler(parts.Store))
            .Add(RequestCode.UpdateAndCreateTopic, new UpdateTopicHandler(parts.Settings, parts.Role, parts.Topics))
            .Add(RequestCode.UpdateAndCreateTopicList, new UpdateTopicListHandler(parts.Settings, parts.Role, parts.Topics))
            .Add(RequestCode.UpdateAndCreateStaticTopic, new UpdateStaticTopicHandler(parts.Settings, parts.Role, parts.Topics, parts.Mappings))
            .Add(RequestCode.DeleteTopicInBroker, new DeleteTopicHandler(parts.Settings, parts.Role, parts.Topics, parts.Mappings, parts.ConsumerOffsets, parts.ParkedPulls))
            .Add(RequestCode.GetAllTopicConfig, ToFollowers(new AllTopicsHandler(parts.Topics, parts.Mappings)))
            .Add(RequestCode.GetTopicConfig, new GetTopicHandler(parts.Topics))
            .Add(RequestCode.GetTopicStatsInfo, new TopicStatsHandler(parts.Settings, parts.Topics, parts.Store, parts.Statistics))
            .Add(RequestCode.GetPendingMessages, new PendingMessagesHandler(parts.Role, parts.Topics, parts.Store, parts.WaitingQueues, parts.Time))
            .Add(RequestCode.QueryConsumeQueue, new QueryConsumeQueueHandler(parts.Topics, parts.Store, parts.Consumers))
            .Add(RequestCode.CleanUnusedTopic, new CleanUnusedTopicsHandler(parts.Role, parts.Topics, parts.Store))
            .Add(RequestCode.CleanExpiredConsumeQueue, new CleanExpiredQueuesHandler(parts.Store))
            .Add(RequestCode.DeleteExpiredCommitLog, new DeleteExpiredLogHandler(parts.Store))
            .Add(RequestCode.GetSystemTopicListFromBroker, new SystemTopicsHandler(parts.Settings, parts.Topics))
            .Add(RequestCode.UpdateAndCreateSubscriptionGroup, new UpdateGroupHandler(parts.Role, parts.Groups))
            .Add(RequestCode.UpdateAndCreateSubscriptionGroupList, new UpdateGroupListHandler(parts.Role, parts.Groups))
            .Add(RequestCode.DeleteSubscriptionGroup, new DeleteGroupHandler(parts.Role, parts.Groups, parts.ConsumerOffsets))
            .Add(RequestCode.GetAllSubscriptionGroupConfig, ToFollowers(new AllGroupsHandler(parts.Groups)))
            .Add(RequestCode.GetSubscriptionGroupConfig, new GetGroupHandler(parts.Groups))
            .Add(RequestCode.UpdateAndGetGroupForbidden, new GroupForbiddenHandler(parts.Role, parts.Groups))
            .Add(RequestCode.QueryAssignment, new QueryAssignmentHandler(parts.Topics, parts.Consumers, parts.RequestModes, parts.ReadableQueues, parts.AwaitedConsumers))
            .Add(RequestCode.SetMessageRequestMode, new SetRequestModeHandler(parts.Role, parts.Topics, parts.GroupMaker, parts.RequestModes))
            .Add(RequestCode.GetAllMessageRequestMode, ToFollowers(new AllRequestModesHandler(parts.RequestModes)))
            .Add(RequestCode.GetConsumeStats, new ConsumeStatsHandler(parts.Topics, parts.ConsumerOffsets, progress))
            .Add(RequestCode.ViewBrokerStatsData, new StatisticsHandler(parts.Settings, parts.Statistics))
            .Add(RequestCode.GetBrokerConsumeStats, new BrokerConsumeStatsHandler(parts.Groups, parts.Topics, parts.ConsumerOffsets, progress, parts.Address))
            .Add(RequestCode.GetGroupSummaries, new GroupSummariesHandler(parts.Consumers, progress))
            .Add(RequestCode.QueryConsumeTimeSpan, new ConsumeTimeSpanHandler(parts.Settings, parts.Topics, parts.ConsumerOffsets, parts.Store, parts.Time))
            .Add(RequestCode.CloneGroupOffset, new CloneOffsetsHandler(parts.Role, parts.Topics, parts.Groups, parts.Consumers, parts.ConsumerOffsets))
            .Add(RequestCode.QueryCorrectionOffset, new CorrectionOffsetHandler(parts.Topics, parts.ConsumerOffsets, parts.Store))
            .Add(RequestCode.QueryTopicsByConsumer, new GroupTopicsHandler(parts.ConsumerOffsets, parts.Address))
            .Add(RequestCode.QueryTopicConsumeByWho, new TopicConsumersHandler(parts.Consumers, parts.ConsumerOffsets))
            .Add(RequestCode.UpdateBrokerConfig, new UpdateConfigHandler(parts.Settings, parts.Topics, parts.SettingsFile))
            .Add(RequestCode.GetBrokerConfig, new GetConfigHandler(parts.Settings, parts.Role, parts.Address))
            .Add(RequestCode.GetBrokerRuntimeInfo, ToFollowers(new RuntimeInfoHandler(parts.Figures)))
            .Add(RequestCode.GetBrokerHaStatus, new HaStatusHandler(parts.Roles, parts.Role, parts.Store, parts.Slaves, parts.Master));
        registry.Add(RequestCode.HandOverMaster, new HandOverHandler(parts.Settings, parts.Group));
        if (parts is not { Group: { } group, AwaitedConsumers: { } awaited })
        {
            return registry;
        }

        MembersOnlyHandler join = OfMembers(new JoinMasterHandler(group));
        return registry
            .Add(GroupRequests.AskMember, OfMembers(new AskMemberHandler(parts.Settings, group)))
            .Add(GroupRequests.JoinMaster, join)
            .Add(GroupRequests.LeaveMaster, join)
            .Add(GroupRequests.GetGroupConsumers, ToFollowers(OfMembers(new GroupConsumersHandler(parts.Consumers, awaited))));

        MembersOnlyHandler OfMembers(AsyncRequestHandler handler) => new(parts.Settings, group, handler);

        IRequestHandler OfMaster(IRequestHandler handler, bool asksOnly = false) => parts.Forwarder is { } forwarder ? new MasterOnlyHandler(handler, forwarder, asksOnly) : handler;

        IRequestHandler ToFollowers(IRequestHandler handler) => parts.Group is { } master ? new FollowedMasterHandler(master, handler) : handler;

        LogicOffsetHandler OfQueue(AsyncRequestHandler handler) => new(parts.Topics, physical, handler, maxOffsets);
    }

    /// <summary>A disk that cannot keep up is no failure of the request, and not worth a stack in the log for each: the caller may ask again, or another broker.</summary>
    private static RemotingCommandException? RefusalOf(Exception error) =>
        error is ColdReadRefusedException ? new RemotingCommandException(ResponseCode.SystemBusy, $"reading from disk failed: {error.Message}") : null;
}
