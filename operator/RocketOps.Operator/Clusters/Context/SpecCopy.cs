using System.Text.Json;
using RocketOps.Operator.Entities;

namespace RocketOps.Operator.Clusters.Context;

/// <summary>Copies a spec before anything of it is replaced: the object belongs to the cache and is shared.</summary>
internal static class SpecCopy
{
    public static BrokerClusterSpec Of(BrokerClusterSpec spec) => JsonSerializer.SerializeToElement(spec, OperatorJsonContext.Default.BrokerClusterSpec).Deserialize(OperatorJsonContext.Default.BrokerClusterSpec)!;
}
