namespace RocketOps.Protocol.Commands;

/// <summary>Response codes of the remoting protocol. Source: remoting.md appendix B. Numbers are frozen: a test pins them.</summary>
public static class ResponseCode
{
    public const int Success = 0;
    public const int SystemError = 1;
    public const int SystemBusy = 2;
    public const int RequestCodeNotSupported = 3;
    public const int TransactionFailed = 4;
    public const int FlushDiskTimeout = 10;
    public const int SlaveNotAvailable = 11;
    public const int FlushSlaveTimeout = 12;
    public const int MessageIllegal = 13;
    public const int ServiceNotAvailable = 14;
    public const int VersionNotSupported = 15;
    public const int NoPermission = 16;
    public const int TopicNotExist = 17;
    public const int TopicExistAlready = 18;
    public const int PullNotFound = 19;
    public const int PullRetryImmediately = 20;
    public const int PullOffsetMoved = 21;
    public const int QueryNotFound = 22;
    public const int SubscriptionParseFailed = 23;
    public const int SubscriptionNotExist = 24;
    public const int SubscriptionNotLatest = 25;
    public const int SubscriptionGroupNotExist = 26;
    public const int FilterDataNotExist = 27;
    public const int FilterDataNotLatest = 28;
    public const int InvalidParameter = 29;
    public const int NoBuyerId = 204;
    public const int NotInCurrentUnit = 205;
    public const int ConsumerNotOnline = 206;
    public const int ConsumeMessageTimeout = 207;
    public const int NoMessage = 208;
    public const int PollingFull = 209;
    public const int PollingTimeout = 210;
    public const int BrokerNotExist = 211;
    public const int BrokerDispatchNotComplete = 212;
    public const int BroadcastConsumption = 213;
    public const int FlowControl = 215;
    public const int NotLeaderForQueue = 501;
    public const int IllegalOperation = 604;
    public const int GoAway = 1500;
    public const int UserNotExist = 3001;
    public const int PolicyNotExist = 3002;
}
