namespace RocketOps.Election.Members;

/// <summary>Event that a member reports of itself.</summary>
public enum MemberEvent
{
    TookLease = 0,
    LostLease,
    InSyncChanged,
    HandedOver,
    HandOverFailed,

    /// <summary>Nobody leads, and this member may not: the text says what to do.</summary>
    MayNotLead,

    /// <summary>This member can neither lead nor promise to follow, for the reason the text has.</summary>
    StandsBack,
}
