/** A worker can't start with this configuration or on this port: another one couldn't either. EX_CONFIG of sysexits.h. */
export const cannotStart = 78;
