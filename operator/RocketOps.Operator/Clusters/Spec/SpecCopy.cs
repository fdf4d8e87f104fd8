using System.Text.Json;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Hosting;

namespace RocketOps.Operator.Clusters.Spec;

/// <summary>Copies a spec before anything of it is replaced: the object belongs to the cache and is shared.</summary>
internal static class SpecCopy
{
    public static BrokerClusterSpec Of(BrokerClusterSpec spec) => JsonSerializer.SerializeToElement(spec, OperatorJsonContext.Default.BrokerClusterSpec).Deserialize(OperatorJsonContext.Default.BrokerClusterSpec)!;
}
