namespace RocketOps.Client;

/// <summary>Who of a group gets a message.</summary>
public enum MessageModel
{
    /// <summary>One member.</summary>
    Clustering,

    /// <summary>Every member.</summary>
    Broadcasting,
}
