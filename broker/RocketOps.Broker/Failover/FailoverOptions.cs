using RocketOps.Broker.Configuration;
using RocketOps.Hosting.Properties;
using static RocketOps.Hosting.Properties.PropertyDefinition;

namespace RocketOps.Broker.Failover;

/// <summary>Options of a member that has led and goes.</summary>
internal sealed class FailoverOptions(PropertyValues values) : IFeatureOptions<FailoverOptions>
{
    /// <summary>The longest a member that has led goes on before it stops.</summary>
    public TimeSpan HandOverLinger { get; } = TimeSpan.FromMilliseconds(values.Get(Keys.HandOverLingerMillis));

    public static FailoverOptions From(PropertyValues values) => new(values);

    /// <summary>Keys of these options.</summary>
    internal static class Keys
    {
        public static readonly PropertyDefinition<int> HandOverLingerMillis = Int32(
            "handOverLingerMillis", 35_000, 0, 600_000, live: true,
            description: "With failover=Automatic: milliseconds that a member which has led goes on, at most, before it stops: it " +
                "passes on to the new master what clients still ask of it. With masterIP1 it is over once nobody comes any more, " +
                "after 5 s or a few more; without, clients ask for routes every 30 s.");

        /// <summary>All of them.</summary>
        public static readonly IReadOnlyList<PropertyDefinition> All =
        [
            HandOverLingerMillis,
        ];
    }
}
