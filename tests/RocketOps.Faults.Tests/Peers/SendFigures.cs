using System.Globalization;

namespace RocketOps.Faults.Tests.Peers;

/// <summary>What a fault cost a producer.</summary>
/// <param name="Ended">Sends that ended during the fault.</param>
/// <param name="Failed">Sends that failed since the fault began.</param>
/// <param name="Gap">Longest time without an acknowledged send.</param>
/// <param name="Recovery">Time from the fault's end to the last failure; zero when there was none.</param>
/// <param name="FirstFailure">Reason of the first failure; empty when there was none.</param>
internal sealed record SendFigures(int Ended, int Failed, TimeSpan Gap, TimeSpan Recovery, string FirstFailure)
{
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Failed} of {Ended} failed, gap {Gap.TotalSeconds:F1} s, last failure {Recovery.TotalSeconds:F1} s after the end");
}
