namespace RocketOps.Broker.Handlers.Admin;

/// <summary>Why a master takes no messages, and goes on taking none until something is done or comes back.</summary>
/// <param name="By">The kind of the reason, for programs: one of <see cref="StandingRefusals"/>' words.</param>
/// <param name="Why">For people; without figures that change, so that who compares two answers sees a difference only when there is one.</param>
internal sealed record StandingRefusal(string By, string Why);
