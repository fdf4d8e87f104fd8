namespace RocketOps.Operator.Settings;

/// <summary>Container images used where a BrokerCluster names none.</summary>
/// <param name="Broker">Image of the brokers.</param>
/// <param name="NameServer">Image of the name servers.</param>
public sealed record OperatorImages(string Broker, string NameServer)
{
    /// <summary>
    /// Names of the operator's own version for where no image is pulled: in <c>rocketops up</c> the last word of a name stands for a program beside it. No registry has them, so an operator on Kubernetes has to be told others.
    /// </summary>
    public static OperatorImages Default { get; } = new("rocketops/broker:" + OwnVersion, "rocketops/nameserver:" + OwnVersion);

    /// <summary>The version these are of: the tag of the broker's image, or the operator's own version where that has a digest or no tag.</summary>
    public string Version => Tag(Broker) ?? OwnVersion;

    private static string OwnVersion
    {
        get
        {
            Version version = typeof(OperatorImages).Assembly.GetName().Version ?? new Version(0, 0, 0);
            return version.ToString(3);
        }
    }

    /// <summary>These are the operator's, not those of another version.</summary>
    internal bool IsOwn { get; private init; } = true;

    /// <summary>The same images of another version.</summary>
    public OperatorImages Of(string version) =>
        version == Version ? this : new OperatorImages($"{Repository(Broker)}:{version}", $"{Repository(NameServer)}:{version}") { IsOwn = false };

    /// <summary>The version of an image, if it comes from where the brokers' image comes from.</summary>
    public string? VersionOf(string? brokerImage) => brokerImage is not null && Repository(brokerImage) == Repository(Broker) ? Tag(brokerImage) : null;

    private static string? Tag(string image)
    {
        string name = image[(image.LastIndexOf('/') + 1)..];
        int colon = name.IndexOf(':', StringComparison.Ordinal);
        return colon < 0 || name.Contains('@', StringComparison.Ordinal) ? null : name[(colon + 1)..];
    }

    private static string Repository(string image)
    {
        string path = image.Split('@')[0];
        int colon = path.IndexOf(':', path.LastIndexOf('/') + 1);
        return colon < 0 ? path : path[..colon];
    }
}
