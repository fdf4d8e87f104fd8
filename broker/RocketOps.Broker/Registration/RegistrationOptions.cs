using RocketOps.Broker.Configuration;
using RocketOps.Hosting.Properties;
using static RocketOps.Hosting.Properties.PropertyDefinition;

namespace RocketOps.Broker.Registration;

/// <summary>Options of the registration with name servers.</summary>
internal sealed class RegistrationOptions(PropertyValues values) : IFeatureOptions<RegistrationOptions>
{
    public TimeSpan RegisterPeriod { get; } = TimeSpan.FromMilliseconds(Math.Clamp(values.Get(Keys.RegisterNameServerPeriod), 10_000, 60_000));

    public TimeSpan RegisterTimeout { get; } = TimeSpan.FromMilliseconds(values.Get(Keys.RegisterBrokerTimeoutMills));

    public bool CompressedRegister { get; } = values.Get(Keys.CompressedRegister);

    /// <summary>Topics of one part of a registration; 0 when it is not split.</summary>
    public int SplitRegistrationSize { get; } = values.Get(Keys.EnableSplitRegistration) ? values.Get(Keys.SplitRegistrationSize) : 0;

    public bool EnableSingleTopicRegister { get; } = values.Get(Keys.EnableSingleTopicRegister);

    public static RegistrationOptions From(PropertyValues values) => new(values);

    /// <summary>Keys of these options.</summary>
    internal static class Keys
    {
        public static readonly PropertyDefinition<int> RegisterNameServerPeriod = Int32(
            "registerNameServerPeriod", 30_000,
            description: "Milliseconds between registrations, kept between 10 000 and 60 000.");

        public static readonly PropertyDefinition<int> RegisterBrokerTimeoutMills = Int32(
            "registerBrokerTimeoutMills", 24_000, 1, live: true,
            description: "Milliseconds a name server may take to answer.");

        public static readonly PropertyDefinition<bool> CompressedRegister = Boolean(
            "compressedRegister", false, live: true,
            description: "Registrations are always compressed; otherwise from 1 MiB on, which is about 5 000 topics.");

        public static readonly PropertyDefinition<bool> EnableSplitRegistration = Boolean(
            "enableSplitRegistration", false, live: true,
            description: "Registrations are sent in parts of splitRegistrationSize topics, uncompressed. Not with name servers that " +
                "have deleteTopicWithBrokerRegistration=true.");

        public static readonly PropertyDefinition<int> SplitRegistrationSize = Int32(
            "splitRegistrationSize", 800, 2, 50_000, live: true,
            description: "Topics of one part when enableSplitRegistration is true.");

        public static readonly PropertyDefinition<bool> EnableSingleTopicRegister = Boolean(
            "enableSingleTopicRegister", false, live: true,
            description: "Name servers are told changed topics only, and all of them periodically. With 1 000 topics and more this " +
                "is always so. Not with name servers that have deleteTopicWithBrokerRegistration=true.");

        /// <summary>All of them.</summary>
        public static readonly IReadOnlyList<PropertyDefinition> All =
        [
            RegisterNameServerPeriod, RegisterBrokerTimeoutMills, CompressedRegister, EnableSplitRegistration, SplitRegistrationSize,
            EnableSingleTopicRegister,
        ];
    }
}
