using RocketOps.Hosting.Properties;
using static RocketOps.Hosting.Properties.PropertyDefinition;

namespace RocketOps.Broker.Configuration;

/// <summary>Options of delay levels.</summary>
internal sealed class DelayOptions(PropertyValues values) : IFeatureOptions<DelayOptions>
{
    public DelayLevels DelayLevels { get; } = DelayLevels.TryParse(values.Get(Keys.MessageDelayLevel), out DelayLevels? levels)
            ? levels
            : throw new InvalidOperationException("messageDelayLevel was checked when it was read");

    public static DelayOptions From(PropertyValues values) => new(values);

    /// <summary>Keys of these options.</summary>
    internal static class Keys
    {
        public static readonly PropertyDefinition<string> MessageDelayLevel = Text(
            "messageDelayLevel", DelayLevels.DefaultText, "times such as 10s 5m 1h 2d separated by blanks", static text => DelayLevels.TryParse(text, out _),
            description: "The delay levels, from level 1 on.");

        /// <summary>All of them.</summary>
        public static readonly IReadOnlyList<PropertyDefinition> All =
        [
            MessageDelayLevel,
        ];
    }
}
