namespace RocketOps.Protocol.Commands;

/// <summary>
/// Request codes of the remoting protocol. Source: remoting.md §2 and appendix A (apache/rocketmq RequestCode).
/// Numbers are frozen: a test pins them.
/// </summary>
public static class RequestCode
{
    public const int SendMessage = 10;
    public const int PullMessage = 11;
    public const int QueryMessage = 12;
    public const int QueryConsumerOffset = 14;
    public const int UpdateConsumerOffset = 15;
    public const int UpdateAndCreateTopic = 17;
    public const int UpdateAndCreateTopicList = 18;
    public const int GetAllTopicConfig = 21;
    public const int UpdateBrokerConfig = 25;
    public const int GetBrokerConfig = 26;
    public const int GetBrokerRuntimeInfo = 28;
    public const int SearchOffsetByTimestamp = 29;
    public const int GetMaxOffset = 30;
    public const int GetMinOffset = 31;
    public const int GetEarliestMessageStoreTime = 32;
    public const int ViewMessageById = 33;
    public const int HeartBeat = 34;
    public const int UnregisterClient = 35;
    public const int ConsumerSendMessageBack = 36;
    public const int EndTransaction = 37;
    public const int GetConsumerListByGroup = 38;
    public const int CheckTransactionState = 39;
    public const int NotifyConsumerIdsChanged = 40;
    public const int LockBatchMq = 41;
    public const int UnlockBatchMq = 42;
    public const int GetAllConsumerOffset = 43;
    public const int GetAllDelayOffset = 45;
    public const int CheckClientConfig = 46;
    public const int GetClientConfig = 47;
    public const int GetTimerCheckPoint = 60;
    public const int GetTimerMetrics = 61;

    public const int PutKvConfig = 100;
    public const int GetKvConfig = 101;
    public const int DeleteKvConfig = 102;
    public const int RegisterBroker = 103;
    public const int UnregisterBroker = 104;
    public const int GetRouteInfoByTopic = 105;
    public const int GetBrokerClusterInfo = 106;

    public const int UpdateAndCreateSubscriptionGroup = 200;
    public const int GetAllSubscriptionGroupConfig = 201;
    public const int GetTopicStatsInfo = 202;
    public const int GetConsumerConnectionList = 203;
    public const int GetProducerConnectionList = 204;
    public const int WipeWritePermOfBroker = 205;
    public const int GetAllTopicListFromNameServer = 206;
    public const int DeleteSubscriptionGroup = 207;
    public const int GetConsumeStats = 208;
    public const int DeleteTopicInBroker = 215;
    public const int DeleteTopicInNameServer = 216;
    public const int RegisterTopicInNameServer = 217;
    public const int GetKvListByNamespace = 219;
    public const int ResetConsumerClientOffset = 220;
    public const int GetConsumerStatusFromClient = 221;
    public const int InvokeBrokerToResetOffset = 222;
    public const int InvokeBrokerToGetConsumerStatus = 223;
    public const int GetTopicsByCluster = 224;
    public const int UpdateAndCreateSubscriptionGroupList = 225;

    public const int QueryTopicConsumeByWho = 300;
    public const int QueryConsumeTimeSpan = 303;
    public const int GetSystemTopicListFromNameServer = 304;
    public const int GetSystemTopicListFromBroker = 305;
    public const int CleanExpiredConsumeQueue = 306;
    public const int GetConsumerRunningInfo = 307;
    public const int QueryCorrectionOffset = 308;
    public const int ConsumeMessageDirectly = 309;
    public const int SendMessageV2 = 310;
    public const int GetUnitTopicList = 311;
    public const int GetHasUnitSubTopicList = 312;
    public const int GetHasUnitSubUnUnitTopicList = 313;
    public const int CloneGroupOffset = 314;
    public const int ViewBrokerStatsData = 315;
    public const int CleanUnusedTopic = 316;
    public const int GetBrokerConsumeStats = 317;
    public const int UpdateNameServerConfig = 318;
    public const int GetNameServerConfig = 319;
    public const int SendBatchMessage = 320;
    public const int QueryConsumeQueue = 321;
    public const int QueryDataVersion = 322;
    public const int ResumeCheckHalfMessage = 323;
    public const int SendReplyMessage = 324;
    public const int SendReplyMessageV2 = 325;
    public const int PushReplyMessageToClient = 326;
    public const int AddWritePermOfBroker = 327;
    public const int GetAllProducerInfo = 328;
    public const int DeleteExpiredCommitLog = 329;
    public const int QueryTopicsByConsumer = 343;
    public const int QuerySubscriptionByConsumer = 345;
    public const int GetTopicConfig = 351;
    public const int GetSubscriptionGroupConfig = 352;
    public const int UpdateAndGetGroupForbidden = 353;
    public const int LitePullMessage = 361;
    public const int RecallMessage = 370;
    public const int QueryAssignment = 400;
    public const int SetMessageRequestMode = 401;
    public const int GetAllMessageRequestMode = 402;
    public const int UpdateAndCreateStaticTopic = 513;

    public const int GetBrokerMemberGroup = 901;
    public const int BrokerHeartbeat = 904;
    public const int NotifyMinBrokerIdChange = 905;
    public const int GetBrokerHaStatus = 907;

    /// <summary>Ours: what waits of a topic elsewhere than in its queues. Far from every number Apache's brokers know, which answer it as unsupported. See docs/decisions/0046-what-waits-of-a-topic-is-asked-of-its-broker.md.</summary>
    public const int GetPendingMessages = 560_001;

    /// <summary>Ours: members and lags of many consumer groups. See docs/decisions/0076-members-and-lags-of-all-groups-in-one-request.md.</summary>
    public const int GetGroupSummaries = 560_002;

    /// <summary>Ours: the master of a group that elects it is to hand over.</summary>
    public const int HandOverMaster = 71_005;
}
