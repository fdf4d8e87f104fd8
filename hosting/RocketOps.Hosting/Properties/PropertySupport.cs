namespace RocketOps.Hosting.Properties;

/// <summary>Treatment of a known key.</summary>
public enum PropertySupport
{
    /// <summary>The value takes effect.</summary>
    Honoured,

    /// <summary>RocketMQ's key, accepted so that its files start here; it has nothing to act on. Not worth a warning.</summary>
    Ignored,

    /// <summary>RocketMQ's key for something that is not done here. The start goes on with a warning that says what to do instead.</summary>
    Unsupported,
}
