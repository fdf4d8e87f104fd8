namespace RocketOps.NameServer.Routing;

/// <summary>
/// Result of a registration: what a slave learns of its master; both null when there is none or the registering broker is the master.
/// </summary>
internal readonly record struct RegistrationResult(string? MasterAddress, string? MasterHaAddress);
