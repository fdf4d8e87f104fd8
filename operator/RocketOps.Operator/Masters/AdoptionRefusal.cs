using RocketOps.Operator.Reporting;

namespace RocketOps.Operator.Masters;

/// <summary>Says of an object that takes nothing over that there is something already.</summary>
internal static class AdoptionRefusal
{
    /// <param name="what">For people, with the name.</param>
    /// <param name="brokers">Where it is.</param>
    public static Problem Problem(string what, IEnumerable<string> brokers) => new(
        Reasons.Conflict,
        $"{what} was there before this object on {string.Join(", ", brokers)}, and spec.adoptionPolicy is Fail. Nothing was changed there. Remove it from there, or set spec.adoptionPolicy: AdoptIfIdentical or Adopt to take it over, or spec.managementPolicy: Observe to watch it only.");
}
