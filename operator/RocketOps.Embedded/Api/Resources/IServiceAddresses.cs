namespace RocketOps.Embedded.Api.Resources;

/// <summary>Hands out the addresses of Services of type ClusterIP and better.</summary>
internal interface IServiceAddresses
{
    /// <summary>An address no Service has, or null when none is left.</summary>
    string? NextClusterIp();

    /// <summary>A port in 30000–32767 no Service has, or null when none is left.</summary>
    int? NextNodePort();
}
