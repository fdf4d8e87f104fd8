using RocketOps.Hosting.Properties;
using static RocketOps.Hosting.Properties.PropertyDefinition;

namespace RocketOps.Broker.Configuration;

/// <summary>Options of messages that wait for a time.</summary>
internal sealed class TimerOptions(PropertyValues values) : IFeatureOptions<TimerOptions>
{
    /// <summary>A week's seconds less a minute: the wheel has two weeks, and a message comes by within one.</summary>
    private const int MaxRollWindowSlots = (7 * 86_400) - 60;

    public bool TimerEnabled { get; } = values.Get(Keys.TimerWheelEnable);

    /// <summary>Most milliseconds until the delivery of a message.</summary>
    public long TimerMaxDelayMs { get; } = values.Get(Keys.TimerMaxDelaySec) * 1000L;

    /// <summary>Milliseconds of a slot of the timer wheel.</summary>
    public int TimerPrecisionMs { get; } = values.Get(Keys.TimerPrecisionMs) switch { < 200 => 100, < 500 => 200, < 1000 => 500, _ => 1000 };

    /// <summary>Slots after which a message that waits is stored anew.</summary>
    public int TimerRollWindowSlots { get; } = values.Get(Keys.TimerRollWindowSlot) is var slots and >= 2 and <= MaxRollWindowSlots ? slots : MaxRollWindowSlots;

    public int TimerMaxPerSlot { get; } = values.Get(Keys.TimerCongestNumEachSlot);

    public TimeSpan TimerFlushInterval { get; } = TimeSpan.FromMilliseconds(values.Get(Keys.TimerFlushIntervalMs));

    public int TimerLogFileBytes { get; } = values.Get(Keys.MappedFileSizeTimerLog);

    public bool TimerStopsEnqueue { get; } = values.Get(Keys.TimerStopEnqueue);

    public bool TimerStopsDequeue { get; } = values.Get(Keys.TimerStopDequeue);

    public bool RecallEnabled { get; } = values.Get(Keys.RecallMessageEnable);

    public bool RecallWhileNotWriteable { get; } = values.Get(Keys.AllowRecallWhenBrokerNotWriteable);

    /// <summary>The key of a recall is topic and key of the message, joined by a plus.</summary>
    public bool RecallNamesTopic { get; } = values.Get(Keys.AppendTopicForTimerDeleteKey);

    public static TimerOptions From(PropertyValues values) => new(values);

    /// <summary>Keys of these options.</summary>
    internal static class Keys
    {
        public static readonly PropertyDefinition<bool> TimerWheelEnable = Boolean(
            "timerWheelEnable", true,
            description: "Messages may name the time of their delivery (TIMER_DELIVER_MS, TIMER_DELAY_SEC, TIMER_DELAY_MS).");

        public static readonly PropertyDefinition<int> TimerMaxDelaySec = Int32(
            "timerMaxDelaySec", 259_200, 1, live: true,
            description: "Seconds a message may be delayed at most; what waits for longer than timerRollWindowSlot is stored anew on " +
                "the way, so that retention does not take it.");

        public static readonly PropertyDefinition<int> TimerPrecisionMs = Int32(
            "timerPrecisionMs", 1_000, 100, 1_000,
            description: "Milliseconds of a step of the timer wheel: 100, 200, 500 or 1000, to which another number is rounded down. " +
                "When it is changed the wheel is made anew from the messages that wait.");

        public static readonly PropertyDefinition<int> TimerRollWindowSlot = Int32(
            "timerRollWindowSlot", 172_800, 0,
            description: "Steps after which a message that waits is stored anew. Below 2, or above 604 740: 604 740.");

        public static readonly PropertyDefinition<int> TimerCongestNumEachSlot = Int32(
            "timerCongestNumEachSlot", int.MaxValue, 1, live: true,
            description: "Messages that may wait for the same step: above it sends for that step are refused ever more often, from " +
                "twice as many on always.");

        public static readonly PropertyDefinition<int> TimerFlushIntervalMs = Int32(
            "timerFlushIntervalMs", 1_000, 10, live: true,
            description: "Milliseconds between flushes of timer wheel, timer log and their checkpoint.");

        public static readonly PropertyDefinition<int> MappedFileSizeTimerLog = Int32(
            "mappedFileSizeTimerLog", 100 * 1024 * 1024, 4_096,
            description: "Bytes of a timer-log file; an existing log keeps its own.");

        public static readonly PropertyDefinition<bool> TimerStopEnqueue = Boolean(
            "timerStopEnqueue", false, live: true,
            description: "Messages with a delivery time are stored, and not looked at.");

        public static readonly PropertyDefinition<bool> TimerStopDequeue = Boolean(
            "timerStopDequeue", false, live: true,
            description: "Messages that are due are not delivered.");

        public static readonly PropertyDefinition<bool> RecallMessageEnable = Boolean(
            "recallMessageEnable", false, live: true,
            description: "Producers may recall messages that wait for their time.");

        public static readonly PropertyDefinition<bool> AllowRecallWhenBrokerNotWriteable = Boolean(
            "allowRecallWhenBrokerNotWriteable", true, live: true,
            description: "Messages may be recalled while brokerPermission forbids sends.");

        public static readonly PropertyDefinition<bool> AppendTopicForTimerDeleteKey = Boolean(
            "appendTopicForTimerDeleteKey", false, live: true,
            description: "A recall names topic and key of the message, as RocketMQ 5.3 does, and not the key alone. Both are " +
                "understood.");

        /// <summary>All of them.</summary>
        public static readonly IReadOnlyList<PropertyDefinition> All =
        [
            TimerWheelEnable, TimerMaxDelaySec, TimerPrecisionMs, TimerRollWindowSlot, TimerCongestNumEachSlot, TimerFlushIntervalMs,
            MappedFileSizeTimerLog, TimerStopEnqueue, TimerStopDequeue, RecallMessageEnable, AllowRecallWhenBrokerNotWriteable,
            AppendTopicForTimerDeleteKey,
        ];
    }
}
