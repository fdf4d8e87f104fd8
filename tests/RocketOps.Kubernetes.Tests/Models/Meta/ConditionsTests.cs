using RocketOps.Kubernetes.Models;

namespace RocketOps.Kubernetes.Tests.Models.Meta;

public sealed class ConditionsTests
{
    private static readonly DateTimeOffset Noon = new(2026, 11, 20, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Set_NewType_IsAddedInWholeSeconds()
    {
        List<Condition> conditions = new List<Condition>();

        Conditions.Set(conditions, Ready(ConditionStatus.True), Noon.AddMilliseconds(700)).Should().BeTrue();

        conditions.Single().LastTransitionTime.Should().Be(Noon);
    }

    [Fact]
    public void Set_SameStatus_KeepsItsTransitionTime()
    {
        List<Condition> conditions = new List<Condition>();
        Conditions.Set(conditions, Ready(ConditionStatus.True), Noon);

        Conditions.Set(conditions, Ready(ConditionStatus.True, "other words"), Noon.AddHours(1)).Should().BeTrue();
        Conditions.Set(conditions, Ready(ConditionStatus.True, "other words"), Noon.AddHours(2)).Should().BeFalse("nothing is different");

        conditions.Single().LastTransitionTime.Should().Be(Noon);
    }

    [Fact]
    public void Set_OtherStatus_IsATransition()
    {
        List<Condition> conditions = new List<Condition>();
        Conditions.Set(conditions, Ready(ConditionStatus.True), Noon);

        Conditions.Set(conditions, Ready(ConditionStatus.False), Noon.AddHours(1)).Should().BeTrue();

        conditions.Single().LastTransitionTime.Should().Be(Noon.AddHours(1));
        Conditions.IsTrue(conditions, "Ready").Should().BeFalse();
    }

    private static Condition Ready(string status, string message = "") => new() { Type = "Ready", Status = status, Reason = "Because", Message = message };
}
