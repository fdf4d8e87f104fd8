namespace RocketOps.Operator.Reporting;

/// <summary>The whole vocabulary of condition reasons; each is explained in docs/operate.md.</summary>
internal static class Reasons
{
    // Good ends.
    public const string AllReady = "AllReady";
    public const string AsExpected = "AsExpected";
    public const string UpToDate = "UpToDate";
    public const string Observed = "Observed";
    public const string MastersRegistered = "MastersRegistered";

    // Work under way.
    public const string PodsStarting = "PodsStarting";
    public const string RollingUpdate = "RollingUpdate";
    public const string WaitingForSync = "WaitingForSync";
    public const string LastCopy = "LastCopy";
    public const string HandingOver = "HandingOver";
    public const string HandOverFailing = "HandOverFailing";
    public const string BudgetBlocks = "BudgetBlocks";
    public const string WaitingForRegistration = "WaitingForRegistration";
    public const string NameServersUnreachable = "NameServersUnreachable";
    public const string MasterMissing = "MasterMissing";
    public const string LeaseNotRenewed = "LeaseNotRenewed";
    public const string PodsNotReady = "PodsNotReady";
    public const string Unanswering = "Unanswering";
    public const string DiskFull = "DiskFull";
    public const string StoreFailed = "StoreFailed";
    public const string InSyncShort = "InSyncShort";
    public const string NotWritable = "NotWritable";
    public const string NotFollowing = "NotFollowing";
    public const string ConfigNotApplied = "ConfigNotApplied";
    public const string ClusterNotReady = "ClusterNotReady";
    public const string ClusterNotFound = "ClusterNotFound";
    public const string BrokerUnreachable = "BrokerUnreachable";
    public const string DrainingQueues = "DrainingQueues";
    public const string WaitingForConsumers = "WaitingForConsumers";
    public const string NotThere = "NotThere";
    public const string Updating = "Updating";
    public const string ApiUnavailable = "ApiUnavailable";
    public const string Draining = "Draining";
    public const string ScalingIn = "ScalingIn";
    public const string ScalingOut = "ScalingOut";
    public const string Opening = "Opening";
    public const string Growing = "Growing";
    public const string Paused = "Paused";
    public const string InvalidPause = "InvalidPause";

    // Only a person can go on.
    public const string RolloutFailing = "RolloutFailing";
    public const string PodsFailing = "PodsFailing";
    public const string PodsRefused = "PodsRefused";
    public const string InvalidName = "InvalidName";
    public const string InvalidConfig = "InvalidConfig";
    public const string InvalidSpec = "InvalidSpec";
    public const string Immutable = "Immutable";
    public const string ResourceConflict = "ResourceConflict";
    public const string GroupNotFound = "GroupNotFound";
    public const string Conflict = "Conflict";
    public const string Refused = "Refused";
    public const string DeletionProtected = "DeletionProtected";

    // Facts.
    public const string SlavesInSync = "SlavesInSync";
    public const string SlavesBehind = "SlavesBehind";
    public const string SlavesUnknown = "SlavesUnknown";
    public const string NodesApart = "NodesApart";
    public const string NodesShared = "NodesShared";
    public const string DeletionRefused = "DeletionRefused";
    public const string ProtectionMissing = "ProtectionMissing";

    /// <summary>Returns true when a reason tells of something broken, and not of work or of a wait: an event warns of it.</summary>
    public static bool IsFault(string reason) =>
        reason is NameServersUnreachable or MasterMissing or LeaseNotRenewed or PodsNotReady or Unanswering or DiskFull or StoreFailed or InSyncShort or NotWritable or NotFollowing;
}
