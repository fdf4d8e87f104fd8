namespace RocketOps.Broker.Handlers.Admin;

/// <summary>Reason why a master takes no messages, and goes on taking none until something is done or comes back.</summary>
/// <param name="By">The kind of the reason, for programs: one of <see cref="StandingRefusals"/>' words.</param>
/// <param name="Why">Text for people; without figures that change, so that two answers differ only when there is a difference.</param>
internal sealed record StandingRefusal(string By, string Why);
