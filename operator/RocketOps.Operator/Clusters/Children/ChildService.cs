using RocketOps.Kubernetes.Models;

namespace RocketOps.Operator.Clusters.Children;

/// <summary>The two shapes of Service the operator makes.</summary>
internal static class ChildService
{
    /// <summary>
    /// A name for every pod behind the selector. Not-ready ones are included: brokers register with a name server before clients are sent to it,
    /// and members of a group meet before either is ready.
    /// </summary>
    public static Service Headless(ObjectMeta metadata, Dictionary<string, string> selector, params (string Name, int Port)[] ports)
    {
        Service service = Build(metadata, selector, ports);
        service.Spec!.ClusterIP = "None";
        service.Spec.PublishNotReadyAddresses = true;
        return service;
    }

    /// <summary>One stable address for the ready pods behind the selector; without one, for what somebody writes into its slices.</summary>
    public static Service ClusterAddress(ObjectMeta metadata, Dictionary<string, string>? selector, params (string Name, int Port)[] ports) =>
        Build(metadata, selector, ports);

    private static Service Build(ObjectMeta metadata, Dictionary<string, string>? selector, (string Name, int Port)[] ports) => new()
    {
        Metadata = metadata,
        Spec = new ServiceSpec
        {
            Type = "ClusterIP",
            Selector = selector,
            Ports = [.. ports.Select(static port => new ServicePort { Name = port.Name, Port = port.Port, TargetPort = port.Port, Protocol = "TCP" })],
        },
    };
}
