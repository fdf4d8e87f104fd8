namespace RocketOps.Client;

/// <summary>Behaviour of a send when a producer has as much under way as it may: <see cref="ProducerOptions.WhenFull"/>.</summary>
public enum WhenFull
{
    /// <summary>It waits within <see cref="ProducerOptions.SendTimeout"/> until there is room, in the order of the calls.</summary>
    Wait,

    /// <summary>It fails at once, with <see cref="RocketMqErrorReason.ClientBusy"/>.</summary>
    Throw,
}
