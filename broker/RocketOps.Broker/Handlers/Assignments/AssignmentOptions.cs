using RocketOps.Broker.Configuration;
using RocketOps.Hosting.Properties;
using static RocketOps.Hosting.Properties.PropertyDefinition;

namespace RocketOps.Broker.Handlers.Assignments;

/// <summary>Options of the question who reads which queue.</summary>
internal sealed class AssignmentOptions(PropertyValues values) : IFeatureOptions<AssignmentOptions>
{
    /// <summary>Largest age of the queues of a topic that members of a group are told to share.</summary>
    public TimeSpan QueuesPollInterval { get; } = TimeSpan.FromMilliseconds(values.Get(Keys.LoadBalancePollNameServerInterval));

    public static AssignmentOptions From(PropertyValues values) => new(values);

    /// <summary>Keys of these options.</summary>
    internal static class Keys
    {
        public static readonly PropertyDefinition<int> LoadBalancePollNameServerInterval = Int32(
            "loadBalancePollNameServerInterval", 30_000, 1,
            description: "Milliseconds after which name servers are asked again for the queues of a topic that a group shares which " +
                "leaves it to brokers who reads what.");

        /// <summary>All of them.</summary>
        public static readonly IReadOnlyList<PropertyDefinition> All =
        [
            LoadBalancePollNameServerInterval,
        ];
    }
}
