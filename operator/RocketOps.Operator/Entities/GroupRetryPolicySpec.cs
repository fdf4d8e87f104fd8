using System.Text.Json.Serialization;
using RocketOps.Kubernetes.Entities.Schema;

namespace RocketOps.Operator.Entities;

/// <summary>Delays before further deliveries of a message. Source: admin.md §2.3, apache/rocketmq GroupRetryPolicy.</summary>
[ValidationRule("self.type == 'Exponential' || !has(self.exponentialRetryPolicy)", "exponentialRetryPolicy goes with type Exponential.")]
[ValidationRule("self.type == 'Customized' || !has(self.customizedRetryPolicy)", "customizedRetryPolicy goes with type Customized.")]
public sealed class GroupRetryPolicySpec
{
    [Description("Exponential: each wait is longer than the last one by a factor. Customized: the waits one after the other.")]
    [DefaultValue("Customized")]
    public GroupRetryType Type { get; set; } = GroupRetryType.Customized;

    public ExponentialRetrySpec? ExponentialRetryPolicy { get; set; }

    public CustomizedRetrySpec? CustomizedRetryPolicy { get; set; }
}

/// <summary>Sequence of the delays.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<GroupRetryType>))]
public enum GroupRetryType
{
    /// <summary>The waits one after the other; RocketMQ's levels if none are given.</summary>
    Customized,

    /// <summary>Each wait is longer than the last one by a factor.</summary>
    Exponential,
}

/// <summary>Waits that grow by a factor, in milliseconds.</summary>
public sealed class ExponentialRetrySpec
{
    [Description("The first wait, in milliseconds.")]
    [DefaultValue(5000)]
    [RangeMinimum(1)]
    public long Initial { get; set; } = 5000;

    [Description("The longest wait, in milliseconds.")]
    [DefaultValue(7200000)]
    [RangeMinimum(1)]
    public long Max { get; set; } = 7200000;

    [Description("The factor.")]
    [DefaultValue(2)]
    [RangeMinimum(1)]
    public long Multiplier { get; set; } = 2;
}

/// <summary>Waits one after the other, in milliseconds.</summary>
public sealed class CustomizedRetrySpec
{
    [Required]
    [Description("The waits, in milliseconds; the last one counts for all further deliveries.")]
    [Items(min: 1, max: 64)]
    public List<long> Next { get; set; } = [];
}
