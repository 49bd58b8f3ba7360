// Fills the page from the two JSON blocks that the program put into it.
import './style.css';
import {json} from './data.js';
import {showDelivery, showGoals, showIndices, showPrescription, showProvenance, showRobustness, showVerdict, showWarnings} from './tables.js';
import {showCurves} from './dvh.js';
import {preparePrint} from './print.js';
import {showPictures} from './pictures.js';

const report = json('report'), view = json('view');
showVerdict(report);
showPrescription(report);
showIndices(report);
showCurves(report, view);
showGoals(report);
showRobustness(report);
showDelivery(report);
showWarnings(report);
showProvenance(report);
preparePrint();
// A test waits for this.
window.sbrtplanReport = {report, view, ready: showPictures(view, report.prescription?.dose_gy)};
