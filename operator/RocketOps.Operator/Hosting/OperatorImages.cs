namespace RocketOps.Operator.Hosting;

/// <summary>Container images used where a BrokerCluster names none.</summary>
/// <param name="Broker">Image of the brokers.</param>
/// <param name="NameServer">Image of the name servers.</param>
public sealed record OperatorImages(string Broker, string NameServer)
{
    /// <summary>Images of the operator's own version: operator and brokers are released together.</summary>
    public static OperatorImages Default { get; } = new("rocketops/broker:" + Version, "rocketops/nameserver:" + Version);

    private static string Version
    {
        get
        {
            Version version = typeof(OperatorImages).Assembly.GetName().Version ?? new Version(0, 0, 0);
            return version.ToString(3);
        }
    }
}
