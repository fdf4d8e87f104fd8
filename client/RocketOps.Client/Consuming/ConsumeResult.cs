namespace RocketOps.Client;

/// <summary>What a handler says about a message.</summary>
public enum ConsumeResult
{
    /// <summary>Done; it will not come again.</summary>
    Success,

    /// <summary>Deliver it again later (after 10 s, then ever longer), and to the dead-letter topic after too many times. When broadcasting it is dropped.</summary>
    Later,
}
