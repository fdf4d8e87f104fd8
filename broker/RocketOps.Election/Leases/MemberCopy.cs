namespace RocketOps.Election.Leases;

/// <summary>
/// One copy of a group's log: the member that holds it and its incarnation. A store that can have lost what it once acknowledged (a new disk, a power cut before the flush, a
/// damaged tail) begins a new incarnation, so that nothing that was said of the old one is believed of the new one.
/// </summary>
/// <param name="Member">Name of the member, unique and the same for ever within its group.</param>
/// <param name="Incarnation">Opaque and never used twice by a member.</param>
public readonly record struct MemberCopy(string Member, string Incarnation)
{
    public override string ToString() => $"{Member}/{Incarnation}";
}
