namespace RocketOps.Client;

/// <summary>Members of a group that get a message.</summary>
public enum MessageModel
{
    /// <summary>One member.</summary>
    Clustering,

    /// <summary>Every member.</summary>
    Broadcasting,
}
